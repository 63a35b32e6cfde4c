import type { ReceiveWindow } from "../protocol/http2/flow-window.ts";

/** Of what a stream brings before its reader takes it: the rest waits at the server. */
export const STREAM_WINDOW: number = 512 * 1024;
/** A window must hold what is on its way: 4 MiB are 40 MB a second over a path of 100 ms. */
const LARGEST_WINDOW = 4 * 1024 * 1024;
/** By which all windows of a connection may have grown together. */
const MOST_GROWTH = 16 * 1024 * 1024;

/**
 * What the streams of a connection may send us before we say more. All begin with the same window, which is enough for
 * many small bodies and for near servers. One whose reader keeps up doubles each time that half of it was taken; it is the
 * few large bodies that come so far. Their growth together is bounded, and so is what a connection can make us keep.
 */
export class StreamWindows {
  #spare = MOST_GROWTH;

  /** That many bytes of a stream were taken in. Returns by how much to open its window now. */
  consume(window: ReceiveWindow, bytes: number, keepsUp: boolean): number {
    const increment = window.consume(bytes);
    return increment > 0 && keepsUp ? increment + this.#grow(window) : increment;
  }

  /** A stream has ended. */
  release(window: ReceiveWindow): void {
    this.#spare += window.target - STREAM_WINDOW;
  }

  #grow(window: ReceiveWindow): number {
    const { target } = window;
    const by = Math.min(target, LARGEST_WINDOW - target, this.#spare);
    this.#spare -= by;
    return window.resize(target + by);
  }
}
