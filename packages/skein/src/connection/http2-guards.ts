import type { FrameCounts } from "../protocol/http2/frames/frame-counts.ts";
import type { StreamState } from "../protocol/http2/stream-state.ts";

/** So many streams that were reset are remembered; what still comes for older ones would be minutes late. */
const MOST_RESET = 4_096;

/** Streams that have ended, and how: what may still come for them differs (RFC 9113 §5.1). */
export class ClosedStreams {
  readonly #reset = new Map<number, "closed-by-our-reset" | "closed-by-their-reset">();

  byUs(streamId: number): void {
    this.#remember(streamId, "closed-by-our-reset");
  }

  byThem(streamId: number): void {
    if (!this.#reset.has(streamId)) this.#remember(streamId, "closed-by-their-reset");
  }

  /** Of a stream that was open once, and is no more. */
  stateOf(streamId: number): StreamState {
    return this.#reset.get(streamId) ?? "closed";
  }

  #remember(streamId: number, state: "closed-by-our-reset" | "closed-by-their-reset"): void {
    this.#reset.set(streamId, state);
    if (this.#reset.size > MOST_RESET) this.#reset.delete(this.#reset.keys().next().value!);
  }
}

/** Frames in a second that cost a server nothing; more of them serve no purpose but to keep us busy. */
const MOST_CHEAP = 10_000;
/** Those of them that we have to answer. */
const MOST_ANSWERED = 1_000;
/** A window may be opened with each frame that we send. */
const MOST_WINDOW_UPDATES = 200_000;
const PERIOD_MS = 1_000;

/** Notices a server that floods us with frames that mean nothing (CVE-2019-9512, -9515, -9518). */
export class FloodGuard {
  #since = 0;

  /** What is too much, if something is. */
  check(counts: FrameCounts): string | undefined {
    const { pings, settings, windowUpdates, total } = counts;
    if (pings + settings > MOST_ANSWERED) return `${pings + settings} PING and SETTINGS frames in a second`;
    if (windowUpdates > MOST_WINDOW_UPDATES) return `${windowUpdates} WINDOW_UPDATE frames in a second`;
    const others = total - windowUpdates;
    return others > MOST_CHEAP ? `${others} empty or unneeded frames in a second` : undefined;
  }

  /** @param now the coarse time */
  reset(now: number, counts: FrameCounts): void {
    if (now - this.#since < PERIOD_MS) return;
    this.#since = now;
    counts.pings = 0;
    counts.settings = 0;
    counts.resets = 0;
    counts.goaways = 0;
    counts.windowUpdates = 0;
    counts.priorities = 0;
    counts.unknown = 0;
    counts.emptyData = 0;
    counts.emptyHeaders = 0;
  }
}
