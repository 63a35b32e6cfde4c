import { PendingItem } from "../source/pending-item.ts";
import type { SourceItem } from "../source/source.ts";

/** Told at once of so many items that were taken. */
const TOLD_AT_ONCE = 64;
const NOWHERE = { offset: 0, line: 0 };

/** The items that a thread was given, as its batch takes them. */
export class ThreadItems implements AsyncIterableIterator<PendingItem> {
  readonly #onPulled: (count: number) => void;
  #items: PendingItem[] = [];
  #next = 0;
  #pulled = 0;
  #hasEnded = false;
  #waiting: (() => void) | undefined;

  /** @param onPulled told of items that were taken, some at a time */
  constructor(onPulled: (count: number) => void) {
    this.#onPulled = onPulled;
  }

  /** Given, and not taken. */
  get size(): number {
    return this.#items.length - this.#next;
  }

  give(items: readonly SourceItem[]): void {
    const rest = this.#next === 0 ? this.#items : this.#items.slice(this.#next);
    this.#next = 0;
    for (const item of items) rest.push(new PendingItem(item, NOWHERE));
    this.#items = rest;
    this.#wake();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<PendingItem>> {
    while (this.size === 0 && !this.#hasEnded) {
      this.#tell();
      await new Promise<void>(resolve => {
        this.#waiting = resolve;
      });
    }
    const value = this.#items[this.#next];
    if (value === undefined) return { done: true, value };
    this.#next += 1;
    this.#pulled += 1;
    if (this.#pulled >= TOLD_AT_ONCE) this.#tell();
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<PendingItem>> {
    this.end();
    return { done: true, value: undefined };
  }

  #tell(): void {
    if (this.#pulled > 0) this.#onPulled(this.#pulled);
    this.#pulled = 0;
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
