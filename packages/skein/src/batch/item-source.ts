import { InvalidOption } from "../core/errors.ts";

/**
 * The input of a batch, pulled one item at a time and only when asked: by `next`, at once where the input is
 * synchronous, later through `onItem` where it is not.
 */
export class ItemSource<I> {
  /** The input has no more items, or was stopped. */
  ended = false;
  /** How many it has, where that is known. */
  readonly #length: number | undefined;
  #taken = 0;
  readonly #sync: Iterator<I> | undefined;
  readonly #async: AsyncIterator<I> | undefined;
  readonly #onItem: (item: I) => void;
  readonly #onEnd: (failure?: { error: unknown }) => void;
  #asked = false;

  constructor(
    items: Iterable<I> | AsyncIterable<I>,
    on: { item(item: I): void; end(failure?: { error: unknown }): void },
  ) {
    requireIterable(items);
    this.#length = Array.isArray(items) ? items.length : items instanceof Set ? items.size : undefined;
    if (Symbol.asyncIterator in items) this.#async = items[Symbol.asyncIterator]();
    else this.#sync = items[Symbol.iterator]();
    this.#onItem = on.item;
    this.#onEnd = on.end;
  }

  /** How many items are to come; undefined where nobody knows. */
  get left(): number | undefined {
    if (this.ended) return 0;
    return this.#length && Math.max(0, this.#length - this.#taken);
  }

  /** Asks for one more item; it comes through `onItem` during the call, or later. False when none can come now. */
  pull(): boolean {
    if (this.ended || this.#asked) return false;
    if (this.#sync !== undefined) return this.#pullSync(this.#sync);
    this.#asked = true;
    void this.#pullAsync(this.#async!);
    return false;
  }

  /** Takes nothing more; the input is told, so that it can close what it holds. */
  stop(): void {
    if (this.ended) return;
    this.ended = true;
    this.#release();
  }

  /** An input that fails while it is being closed has nobody left to tell. */
  #release(): void {
    this.#close().catch(() => undefined);
  }

  async #close(): Promise<void> {
    this.#sync?.return?.();
    await this.#async?.return?.();
  }

  #pullSync(iterator: Iterator<I>): boolean {
    try {
      const next = iterator.next();
      // It has stopped the batch itself; while it ran, it could not be closed.
      if (this.ended) this.#release();
      if (!next.done) {
        this.#taken += 1;
        this.#onItem(next.value);
        return true;
      }
    } catch (error) {
      this.#end({ error });
      return false;
    }
    this.#end();
    return false;
  }

  async #pullAsync(iterator: AsyncIterator<I>): Promise<void> {
    let next: IteratorResult<I>;
    try {
      next = await iterator.next();
    } catch (error) {
      this.#asked = false;
      return this.#end({ error });
    }
    this.#asked = false;
    if (next.done) this.#end();
    else if (!this.ended) this.#onItem(next.value);
  }

  #end(failure?: { error: unknown }): void {
    if (this.ended) return;
    this.ended = true;
    this.#onEnd(failure);
  }
}

/** A string is iterable, but nobody means its characters. */
function requireIterable(items: unknown): void {
  const isIterable =
    typeof items === "object" &&
    items !== null &&
    (Symbol.iterator in items || Symbol.asyncIterator in items);
  if (isIterable) return;
  const got = items === null ? "null" : `a ${typeof items}`;
  throw new InvalidOption(`items: expected an array, or another (async) iterable; got ${got}`);
}
