/** What stands in a heap knows its place there, for then it can be taken out in O(log n). */
export interface Placed {
  /** The heap's own; -1 while it is in none. */
  index: number;
}

/** A binary heap; what is in it can be taken out from anywhere. */
export class IndexedHeap<E extends Placed> {
  readonly #isBefore: (a: E, b: E) => boolean;
  readonly #entries: E[] = [];

  constructor(isBefore: (a: E, b: E) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  peek(): E | undefined {
    return this.#entries[0];
  }

  push(entry: E): void {
    this.#rise(entry, this.#entries.length);
  }

  shift(): E | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** One that is in it. */
  remove(entry: E): void {
    const { index } = entry;
    entry.index = -1;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    const above = this.#entries[(index - 1) >> 1];
    if (index > 0 && this.#isBefore(last, above!)) this.#rise(last, index);
    else this.#sink(last, index);
  }

  /** All, in no order; the heap is empty afterwards. */
  clear(): E[] {
    return this.#entries.splice(0);
  }

  /** Puts it at this place, or above: the others come down. */
  #rise(entry: E, place: number): void {
    let index = place;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#entries[parent]!;
      if (!this.#isBefore(entry, above)) break;
      this.#put(above, index);
      index = parent;
    }
    this.#put(entry, index);
  }

  /** Puts it at this place, or below: the others come up. */
  #sink(entry: E, place: number): void {
    const entries = this.#entries;
    let index = place;
    for (let child = 2 * index + 1; child < entries.length; child = 2 * index + 1) {
      if (child + 1 < entries.length && this.#isBefore(entries[child + 1]!, entries[child]!)) child += 1;
      const below = entries[child]!;
      if (!this.#isBefore(below, entry)) break;
      this.#put(below, index);
      index = child;
    }
    this.#put(entry, index);
  }

  #put(entry: E, index: number): void {
    entry.index = index;
    this.#entries[index] = entry;
  }
}
