/** Things that are due at some time, the earliest first: a binary heap. */
export class TimeHeap<T> {
  readonly #entries: { due: number; value: T }[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** When the first is due; `Infinity` when there is none. */
  get nextDue(): number {
    return this.#entries[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  push(due: number, value: T): void {
    this.#rise(this.#entries.push({ due, value }) - 1);
  }

  /** The first, if it is due. */
  shiftDue(now: number): T | undefined {
    return this.nextDue <= now ? this.#shift() : undefined;
  }

  /** Takes it out, wherever it is; whether it was there. */
  remove(value: T): boolean {
    const entries = this.#entries;
    const index = entries.findIndex(entry => entry.value === value);
    if (index < 0) return false;
    const last = entries.pop()!;
    if (index === entries.length) return true;
    entries[index] = last;
    this.#rise(index);
    this.#sink(index);
    return true;
  }

  /** All, in no order; the heap is empty afterwards. */
  clear(): T[] {
    return this.#entries.splice(0).map(entry => entry.value);
  }

  #shift(): T {
    const entries = this.#entries;
    const first = entries[0]!.value;
    const last = entries.pop()!;
    if (entries.length === 0) return first;
    entries[0] = last;
    this.#sink(0);
    return first;
  }

  #rise(from: number): void {
    const entries = this.#entries;
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (entries[parent]!.due <= entries[index]!.due) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(from: number): void {
    for (let index = from; ; ) {
      const smallest = this.#smallest(index);
      if (smallest === index) return;
      this.#swap(index, smallest);
      index = smallest;
    }
  }

  #smallest(index: number): number {
    const entries = this.#entries;
    let smallest = index;
    for (const child of [2 * index + 1, 2 * index + 2]) {
      if (child < entries.length && entries[child]!.due < entries[smallest]!.due) smallest = child;
    }
    return smallest;
  }

  #swap(a: number, b: number): void {
    const entries = this.#entries;
    [entries[a], entries[b]] = [entries[b]!, entries[a]!];
  }
}
