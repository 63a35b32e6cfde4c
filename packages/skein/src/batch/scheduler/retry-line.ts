import { BATCH_RETRY_BUDGET, Purse } from "../../policy/retry-budget.ts";
import { ReadyQueue } from "./ready-queue.ts";
import type { Schedulable } from "./schedulable.ts";

/** The tasks of one origin that are to be tried again, and the purse that they are paid from when they start. */
export class RetryLine<T extends Schedulable> {
  readonly #queue = new ReadyQueue<T>();
  readonly #purse = new Purse(BATCH_RETRY_BUDGET.perOrigin, BATCH_RETRY_BUDGET.perSecond);

  get size(): number {
    return this.#queue.size;
  }

  /** From when there is enough for the first, if nothing else happens; `Infinity` where there is none. */
  get readyAt(): number {
    const first = this.#queue.peek();
    return first === undefined ? Number.POSITIVE_INFINITY : this.#purse.readyAt(first.retryCost!);
  }

  /** From when on it is as if it had never been used. */
  get idleAt(): number {
    return this.#purse.fullAt;
  }

  get priority(): number {
    return this.#queue.peek()!.priority;
  }

  push(task: T): void {
    this.#queue.push(task);
  }

  shift(now: number): T {
    const task = this.#queue.shift()!;
    this.#purse.spend(task.retryCost!, now);
    return task;
  }

  remove(task: T): void {
    this.#queue.remove(task);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#queue[Symbol.iterator]();
  }

  clear(): T[] {
    return this.#queue.clear();
  }

  succeeded(now: number): void {
    this.#purse.give(BATCH_RETRY_BUDGET.perSuccess, now);
  }
}
