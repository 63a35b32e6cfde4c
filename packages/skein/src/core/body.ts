import { BodyNotReplayable } from "./errors.ts";

/** One sending of a body. */
export interface BodyUse {
  /**
   * Whoever waits for the body's next chunk at this moment puts here how it is told that nobody wants more of it: the
   * call has ended. One holder at a time: the innermost.
   */
  onAbandon: (() => void) | undefined;
}

/** The body of a request. */
export interface RequestBody {
  /** Its length in bytes, or undefined when only sending it will tell (then it is sent chunked). */
  readonly length: number | undefined;
  /** Whether it can be sent a second time, for a retry or a 307. */
  readonly replayable: boolean;
  /**
   * The whole body where it is in memory; a stream of chunks else. A body that can't be replayed opens once. `use` is
   * told how to stop it while it waits for what is to come.
   */
  open(use?: BodyUse): Uint8Array | AsyncIterable<Uint8Array>;
}

/** A body that is in memory. */
export class BytesBody implements RequestBody {
  readonly replayable = true;
  readonly length: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.byteLength;
  }

  open(): Uint8Array {
    return this.#bytes;
  }
}

/** A body made of chunks, from a stream (sent once) or from a factory (sent as often as needed). */
export class StreamBody implements RequestBody {
  readonly length: number | undefined;
  readonly replayable: boolean;
  readonly #open: (use: BodyUse | undefined) => AsyncIterable<Uint8Array>;
  #opened = false;

  constructor(
    open: (use: BodyUse | undefined) => AsyncIterable<Uint8Array>,
    facts: { length: number | undefined; replayable: boolean },
  ) {
    this.#open = open;
    this.length = facts.length;
    this.replayable = facts.replayable;
  }

  open(use?: BodyUse): AsyncIterable<Uint8Array> {
    if (this.#opened && !this.replayable) {
      throw new BodyNotReplayable(
        "the request's body was a stream that has been read, so it can't be sent again; give a function that makes the stream",
      );
    }
    this.#opened = true;
    return this.#open(use);
  }
}
