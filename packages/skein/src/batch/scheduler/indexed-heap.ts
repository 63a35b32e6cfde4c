interface Entry<T> {
  readonly value: T;
  index: number;
}

/** A binary heap that knows where each value is, so that any can be taken out in O(log n). A value is in it once. */
export class IndexedHeap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #entries: Entry<T>[] = [];
  readonly #places = new Map<T, Entry<T>>();

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  peek(): T | undefined {
    return this.#entries[0]?.value;
  }

  push(value: T): void {
    const entry = { value, index: this.#entries.length };
    this.#entries.push(entry);
    this.#places.set(value, entry);
    this.#rise(entry);
  }

  shift(): T | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.#takeOut(first);
    return first?.value;
  }

  /** Whether it was there. */
  remove(value: T): boolean {
    const entry = this.#places.get(value);
    if (entry !== undefined) this.#takeOut(entry);
    return entry !== undefined;
  }

  /** All, in no order; the heap is empty afterwards. */
  clear(): T[] {
    this.#places.clear();
    return this.#entries.splice(0).map(entry => entry.value);
  }

  #takeOut(entry: Entry<T>): void {
    this.#places.delete(entry.value);
    const last = this.#entries.pop()!;
    if (last === entry) return;
    this.#put(last, entry.index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry<T>): void {
    while (entry.index > 0) {
      const above = this.#entries[(entry.index - 1) >> 1]!;
      if (!this.#isBefore(entry.value, above.value)) return;
      this.#swap(entry, above);
    }
  }

  #sink(entry: Entry<T>): void {
    for (let below = this.#firstBelow(entry); below !== undefined; below = this.#firstBelow(entry)) {
      if (!this.#isBefore(below.value, entry.value)) return;
      this.#swap(entry, below);
    }
  }

  #firstBelow({ index }: Entry<T>): Entry<T> | undefined {
    const left = this.#entries[2 * index + 1];
    const right = this.#entries[2 * index + 2];
    return right !== undefined && this.#isBefore(right.value, left!.value) ? right : left;
  }

  #swap(a: Entry<T>, b: Entry<T>): void {
    const { index } = a;
    this.#put(a, b.index);
    this.#put(b, index);
  }

  #put(entry: Entry<T>, index: number): void {
    entry.index = index;
    this.#entries[index] = entry;
  }
}
