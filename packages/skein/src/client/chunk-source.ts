import type { BodyUse } from "../core/body.ts";

/**
 * The chunks of a caller's stream, which can be abandoned while the next one is still to come: a stream is cancelled or
 * destroyed, another iterator is asked to return, and whoever waits here is let go with an error, whatever the source does.
 */
export function chunkSource<T>(source: ChunkStream<T>, use: BodyUse | undefined): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new ChunkSource(iterationOf(source), use) };
}

/** Streams of other copies have no async iterator everywhere: the reader is what all have. */
type ChunkStream<T> = AsyncIterable<T> | ReadableStream<T>;

/** How a source is read, and given up: also while a `next` is under way, where it has a way to. */
interface Iteration<T> {
  next(): Promise<IteratorResult<T, unknown>>;
  giveUp(): unknown;
}

class ChunkSource<T> implements AsyncIterator<T> {
  readonly #iteration: Iteration<T>;
  readonly #use: BodyUse | undefined;
  #letGo: ((error: Error) => void) | undefined;
  #isOver = false;

  constructor(iteration: Iteration<T>, use: BodyUse | undefined) {
    this.#iteration = iteration;
    this.#use = use;
    if (use !== undefined) use.onAbandon = () => this.#abandon();
  }

  next(): Promise<IteratorResult<T, unknown>> {
    return new Promise((resolve, reject) => {
      this.#letGo = reject;
      this.#iteration.next().then(
        result => {
          if (result.done === true) this.#end();
          resolve(result);
        },
        error => {
          this.#end();
          reject(error);
        },
      );
    });
  }

  async return(): Promise<IteratorResult<T, unknown>> {
    if (!this.#isOver) {
      this.#end();
      await this.#iteration.giveUp();
    }
    return { done: true, value: undefined };
  }

  #end(): void {
    this.#isOver = true;
    if (this.#use !== undefined) this.#use.onAbandon = undefined;
  }

  #abandon(): void {
    this.#letGo?.(new Error("abandoned"));
    // The call has failed already, and says why: what the source's own cleaning up throws has nobody to go to.
    this.return().catch(() => undefined);
  }
}

function iterationOf<T>(source: ChunkStream<T>): Iteration<T> {
  // Asked to return, the iterator of a stream would wait for the read that is under way.
  if ("getReader" in source && typeof source.getReader === "function") {
    const reader = source.getReader() as ReadableStreamDefaultReader<T>;
    return {
      next: () => reader.read() as Promise<IteratorResult<T, unknown>>,
      giveUp: () => reader.cancel(),
    };
  }
  const iterator = (source as AsyncIterable<T>)[Symbol.asyncIterator]();
  const next = () => Promise.resolve(iterator.next());
  if ("destroy" in source && "pipe" in source && typeof source.destroy === "function") {
    const { destroy } = source;
    return { next, giveUp: () => destroy.call(source) };
  }
  return { next, giveUp: () => iterator.return?.() };
}
