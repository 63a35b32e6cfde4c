import { IndexedHeap, type Placed } from "./indexed-heap.ts";

interface Due<T> extends Placed {
  readonly at: number;
  readonly value: T;
}

/** Things that are due at some time, the earliest first; each is in it at most once. */
export class TimeHeap<T> {
  readonly #heap = new IndexedHeap<Due<T>>((a, b) => a.at < b.at);
  readonly #dues = new Map<T, Due<T>>();

  get size(): number {
    return this.#heap.size;
  }

  /** When the first is due; `Infinity` when there is none. */
  get nextDue(): number {
    return this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  /** One that is in it already is moved. */
  push(at: number, value: T): void {
    this.remove(value);
    const due = { at, value, index: -1 };
    this.#dues.set(value, due);
    this.#heap.push(due);
  }

  /** The first, if it is due. */
  shiftDue(now: number): T | undefined {
    if (!(this.nextDue <= now)) return undefined;
    const { value } = this.#heap.shift()!;
    this.#dues.delete(value);
    return value;
  }

  /** Takes it out, wherever it is; whether it was there. */
  remove(value: T): boolean {
    const due = this.#dues.get(value);
    if (due === undefined) return false;
    this.#dues.delete(value);
    this.#heap.remove(due);
    return true;
  }

  /** All, in no order. */
  values(): Iterable<T> {
    return this.#dues.keys();
  }

  /** All, in no order; the heap is empty afterwards. */
  clear(): T[] {
    this.#dues.clear();
    return this.#heap.clear().map(due => due.value);
  }
}
