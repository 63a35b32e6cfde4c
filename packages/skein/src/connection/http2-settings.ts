import { SETTINGS_IDS } from "../protocol/http2/frames/frame-types.ts";

/** RFC 9113 §6.9.2 */
const DEFAULT_WINDOW = 65_535;
/** Until the server says how many streams it allows; RFC 9113 §6.5.2 recommends that it be no less. */
const FIRST_MAX_STREAMS = 100;

export type SettingChange =
  | { readonly setting: "headerTableSize" | "maxFrameSize" | "maxConcurrentStreams" }
  | { readonly setting: "initialWindowSize"; readonly difference: number };

/** What the server's SETTINGS have said so far (RFC 9113 §6.5.2); their values were checked by the codec. */
export class PeerSettings {
  maxConcurrentStreams: number = FIRST_MAX_STREAMS;
  initialWindowSize: number = DEFAULT_WINDOW;
  /** Of a head, as §6.5.2 counts. */
  maxHeaderListSize: number = Number.POSITIVE_INFINITY;

  /** What changes with it, if anything that we care for. */
  take(id: number, value: number): SettingChange | undefined {
    switch (id) {
      case SETTINGS_IDS.HEADER_TABLE_SIZE:
        return { setting: "headerTableSize" };
      case SETTINGS_IDS.MAX_FRAME_SIZE:
        return { setting: "maxFrameSize" };
      case SETTINGS_IDS.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return { setting: "maxConcurrentStreams" };
      case SETTINGS_IDS.INITIAL_WINDOW_SIZE: {
        const difference = value - this.initialWindowSize;
        this.initialWindowSize = value;
        return { setting: "initialWindowSize", difference };
      }
      case SETTINGS_IDS.MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
        return undefined;
      default:
        return undefined;
    }
  }
}
