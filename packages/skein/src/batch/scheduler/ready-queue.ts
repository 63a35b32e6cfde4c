import { Fifo } from "../../core/fifo.ts";
import { IndexedHeap, type Placed } from "./indexed-heap.ts";
import type { Schedulable } from "./schedulable.ts";

interface Ranked<T> extends Placed {
  readonly task: T;
  /** In which order they came. */
  readonly order: number;
}

/**
 * The tasks of one origin that may start: the highest priority first, then the earliest deadline, then as they came. Those
 * with neither stand in a plain queue, as nearly all do.
 */
export class ReadyQueue<T extends Schedulable> {
  readonly #plain = new Fifo<T>();
  #ranked: IndexedHeap<Ranked<T>> | undefined;
  readonly #entries = new Map<T, Ranked<T>>();
  #order = 0;

  get size(): number {
    return this.#plain.size + (this.#ranked?.size ?? 0);
  }

  push(task: T): void {
    if (isPlain(task)) return this.#plain.push(task);
    const entry = { task, order: this.#order++, index: -1 };
    this.#entries.set(task, entry);
    this.#ranked ??= new IndexedHeap(isBefore);
    this.#ranked.push(entry);
  }

  peek(): T | undefined {
    return this.#firstRanked()?.task ?? this.#plain.peek();
  }

  shift(): T | undefined {
    const ranked = this.#firstRanked();
    if (ranked === undefined) return this.#plain.shift();
    this.#entries.delete(ranked.task);
    return this.#ranked!.shift()!.task;
  }

  /** One that has a deadline. */
  remove(task: T): void {
    const entry = this.#entries.get(task);
    if (entry === undefined) return;
    this.#entries.delete(task);
    this.#ranked!.remove(entry);
  }

  /** All, in no order. */
  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#plain;
    yield* this.#entries.keys();
  }

  /** All, in no order; the queue is empty afterwards. */
  clear(): T[] {
    const tasks = [...this];
    this.#plain.clear();
    this.#ranked = undefined;
    this.#entries.clear();
    return tasks;
  }

  /** Where the first of all is a ranked one. */
  #firstRanked(): Ranked<T> | undefined {
    const ranked = this.#ranked?.peek();
    return ranked !== undefined && ranked.task.priority < 0 && this.#plain.size > 0 ? undefined : ranked;
  }
}

function isPlain(task: Schedulable): boolean {
  return task.priority === 0 && task.deadline === Number.POSITIVE_INFINITY;
}

function isBefore<T extends Schedulable>(a: Ranked<T>, b: Ranked<T>): boolean {
  if (a.task.priority !== b.task.priority) return a.task.priority > b.task.priority;
  if (a.task.deadline !== b.task.deadline) return a.task.deadline < b.task.deadline;
  return a.order < b.order;
}
