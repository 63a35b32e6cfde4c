import type { Clock } from "../core/clock.ts";
import type { Socket } from "../core/ports.ts";
import { FrameWriter } from "../protocol/http2/frames/frame-writer.ts";

/** What waits for the network although it takes nothing: beyond it, the other side does not read what it asked for. */
const MOST_UNSENT = 4 * 1024 * 1024;

/** How long a server has to take our last words. */
const FAREWELL_MS = 1_000;

/** The frames of a connection on their way to its socket: all that one turn of the loop brings about go out together. */
export class Http2Output {
  readonly writer: FrameWriter = new FrameWriter();
  /** Whether the network takes nothing for now. */
  isBlocked = false;
  readonly #socket: Socket;
  #soon = false;
  #ended = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether more waits than a server that reads would let come together. */
  get isOverfull(): boolean {
    return this.writer.pending > MOST_UNSENT;
  }

  /** Keeps no memory for what may come later. */
  trim(): void {
    this.writer.trim();
  }

  flushSoon(): void {
    if (this.#soon || this.#ended) return;
    this.#soon = true;
    this.#socket.afterTurn(() => this.flush());
  }

  flush(): void {
    this.#soon = false;
    if (this.#ended || this.isBlocked || this.writer.pending === 0) return;
    this.isBlocked = !this.#socket.write(this.writer.take());
  }

  /** Nothing more goes out, nor what waits. */
  destroy(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  /** The last words are said; a server that does not listen to them is left all the same. */
  end(clock: Clock): void {
    this.isBlocked = false;
    this.flush();
    this.#ended = true;
    const timer = clock.setTimer(() => this.#socket.destroy(), FAREWELL_MS);
    timer.unref();
    this.#socket.end(() => {
      timer.cancel();
      this.#socket.destroy();
    });
  }
}
