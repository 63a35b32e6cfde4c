import type { SourceItem, SourcePosition } from "./source.ts";

/** An item that has been read and has not ended. */
export class PendingItem {
  readonly item: SourceItem;
  /** From where reading gives this item again. */
  readonly from: SourcePosition;
  /** The journal knows that it is about to be sent, or was: it must not simply be sent again. */
  isMarked = false;
  previous: PendingItem | undefined;
  next: PendingItem | undefined;

  constructor(item: SourceItem, from: SourcePosition) {
    this.item = item;
    this.from = from;
  }
}

/** The items between reading and their end, in the order of the list: a linked list, so that all of it is O(1). */
export class PendingItems implements Iterable<PendingItem> {
  #first: PendingItem | undefined;
  #last: PendingItem | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that stands first in the list. */
  get first(): PendingItem | undefined {
    return this.#first;
  }

  add(item: PendingItem): void {
    item.previous = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#size++;
  }

  delete(item: PendingItem): void {
    const { previous, next } = item;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    item.previous = undefined;
    item.next = undefined;
    this.#size--;
  }

  *[Symbol.iterator](): Generator<PendingItem> {
    for (let item = this.#first; item !== undefined; item = item.next) yield item;
  }
}
