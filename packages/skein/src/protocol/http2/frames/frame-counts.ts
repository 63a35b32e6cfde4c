import { CONTINUATION, GOAWAY, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE } from "./frame-types.ts";

/**
 * How many frames came that cost their sender next to nothing, and us something: an answer, a look-up, a turn of the
 * loop. What is too many only the connection can tell, which knows what it asked for and how long ago; it may set
 * these to 0 at any time.
 */
export class FrameCounts {
  /** PING, with the acknowledgements that nobody waits for. */
  pings = 0;
  settings = 0;
  resets = 0;
  goaways = 0;
  windowUpdates = 0;
  priorities = 0;
  /** Frames of types that we don't know. */
  unknown = 0;
  /** DATA without a byte of data, that doesn't end its stream. */
  emptyData = 0;
  /** HEADERS and CONTINUATION without a byte of a header block. */
  emptyHeaders = 0;

  /** All of them together. */
  get total(): number {
    const { pings, settings, resets, goaways, windowUpdates } = this;
    const replied = pings + settings + resets + goaways + windowUpdates;
    return replied + this.priorities + this.unknown + this.emptyData + this.emptyHeaders;
  }

  /** A frame of a type that is counted whatever is in it. */
  count(type: number): void {
    switch (type) {
      case PING:
        this.pings += 1;
        break;
      case SETTINGS:
        this.settings += 1;
        break;
      case RST_STREAM:
        this.resets += 1;
        break;
      case GOAWAY:
        this.goaways += 1;
        break;
      case WINDOW_UPDATE:
        this.windowUpdates += 1;
        break;
      case PRIORITY:
        this.priorities += 1;
        break;
      default:
        if (type > CONTINUATION) this.unknown += 1;
    }
  }
}
