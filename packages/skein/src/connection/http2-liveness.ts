import { formatDuration } from "../core/duration.ts";
import type { ErrorCode } from "../protocol/http2/error-codes.ts";
import type { CoarseTime } from "./connection.ts";

/** How long a server has to acknowledge our SETTINGS (RFC 9113 §6.5.3 leaves the time to us). */
const SETTINGS_MS = 10_000;

/** To ask the server whether it is there, or to give the connection up. */
export type Verdict = "ping" | { readonly code: ErrorCode; readonly reason: string } | undefined;

/**
 * Whether the server at the other end of a connection is there. Only what it sends tells: a path that broke without a word
 * takes all that is sent to it. So who waits, and hears nothing for a while, sends a PING (RFC 9113 §6.7), and any byte that
 * comes is answer enough. It is looked at with the timeouts of the streams, and costs a read no more than to note the time.
 */
export class Http2Liveness {
  /** When the last byte came, on the coarse time. */
  heardAt: number;
  /** Whether the server has taken note of our SETTINGS. */
  isAcknowledged = false;
  readonly #openedAt: number;
  #pingedAt = Number.NEGATIVE_INFINITY;

  constructor(now: number) {
    this.heardAt = now;
    this.#openedAt = now;
  }

  /**
   * @param interval of silence before a PING, and for its answer
   * @param waits whether something is to come from the server now
   */
  look(time: CoarseTime, interval: number, waits: () => boolean): Verdict {
    if (!this.isAcknowledged && time.since(this.#openedAt) > SETTINGS_MS)
      return {
        code: "SETTINGS_TIMEOUT",
        reason: `the connection ended (our SETTINGS were not acknowledged within ${formatDuration(SETTINGS_MS)})`,
      };
    if (time.since(this.heardAt) <= interval || !waits()) return undefined;
    if (this.#pingedAt <= this.heardAt) {
      this.#pingedAt = time.now;
      return "ping";
    }
    if (time.since(this.#pingedAt) <= interval) return undefined;
    const silence = formatDuration(time.now - this.heardAt);
    const reason = `the connection ended (no byte for ${silence}, not even in answer to a PING)`;
    return { code: "NO_ERROR", reason };
  }
}
