import type { Timer } from "../core/clock.ts";

/** A timer of a virtual clock; it knows where it stands, so that it can be taken out in O(log n). */
export class VirtualTimer implements Timer {
  readonly at: number;
  /** In which order they were set: those of one time fire in it. */
  readonly order: number;
  readonly run: () => void;
  /** Its place in the heap; -1 when it is not there (any more). */
  index = -1;
  readonly #heap: TimerHeap;

  constructor(heap: TimerHeap, { at, order, run }: { at: number; order: number; run: () => void }) {
    this.#heap = heap;
    this.at = at;
    this.order = order;
    this.run = run;
  }

  cancel(): void {
    if (this.index >= 0) this.#heap.remove(this);
  }

  /** Nothing but the work of a simulation keeps it going. */
  ref(): void {}

  unref(): void {}
}

/** A binary heap of timers, the earliest first. Numbers are compared in place: every event of a simulation goes through it. */
export class TimerHeap {
  readonly #timers: VirtualTimer[] = [];

  get size(): number {
    return this.#timers.length;
  }

  /** When the first is due; `Infinity` when there is none. */
  get nextAt(): number {
    const first = this.#timers[0];
    return first === undefined ? Number.POSITIVE_INFINITY : first.at;
  }

  /** The place in the order of setting of the first, which must be there. */
  get nextOrder(): number {
    return this.#timers[0]!.order;
  }

  push(timer: VirtualTimer): void {
    this.#timers.push(timer);
    this.#rise(timer, this.#timers.length - 1);
  }

  /** The first, which must be there. */
  shift(): VirtualTimer {
    const first = this.#timers[0]!;
    this.remove(first);
    return first;
  }

  remove(timer: VirtualTimer): void {
    const { index } = timer;
    timer.index = -1;
    const last = this.#timers.pop()!;
    if (last === timer) return;
    if (index > 0 && isBefore(last, this.#timers[(index - 1) >> 1]!)) this.#rise(last, index);
    else this.#sink(last, index);
  }

  #rise(timer: VirtualTimer, from: number): void {
    const timers = this.#timers;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = timers[parent]!;
      if (!isBefore(timer, above)) break;
      timers[index] = above;
      above.index = index;
      index = parent;
    }
    timers[index] = timer;
    timer.index = index;
  }

  #sink(timer: VirtualTimer, from: number): void {
    const timers = this.#timers;
    const size = timers.length;
    let index = from;
    for (let child = 2 * index + 1; child < size; child = 2 * index + 1) {
      if (child + 1 < size && isBefore(timers[child + 1]!, timers[child]!)) child += 1;
      const below = timers[child]!;
      if (!isBefore(below, timer)) break;
      timers[index] = below;
      below.index = index;
      index = child;
    }
    timers[index] = timer;
    timer.index = index;
  }
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
