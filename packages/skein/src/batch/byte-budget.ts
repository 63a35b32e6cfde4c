import type { Outbox } from "./outbox.ts";
import type { TaskRecord } from "./task-record.ts";

/** So long what was counted is taken for what there is; it is counted anew at once where it was too much. */
const COUNT_EVERY_MS = 5;
/** What the last body is worth in the average. */
const WEIGHT = 0.1;

/**
 * How many bytes of bodies a batch may hold: those that come in, those that `parse` works on, and those that nobody has read
 * yet. Once they are more, nothing is started until some are gone; what runs goes on. A body that has not come yet counts as
 * those before it were on average. One task may always run, so that a body of any size gets through.
 */
export class ByteBudget {
  readonly #max: number;
  #average = 0;
  /** What was left at the last count, but for what was started since. */
  #room = 0;
  #countAgainAt = Number.NEGATIVE_INFINITY;

  constructor(max: number) {
    this.#max = max;
  }

  started(): void {
    this.#room -= this.#average;
  }

  /** An attempt has ended, with a body of so many bytes. */
  ended(bytes: number): void {
    // More than was expected of it.
    this.#room -= Math.max(0, bytes - this.#average);
    this.#average = this.#average === 0 ? bytes : this.#average + WEIGHT * (bytes - this.#average);
  }

  hasRoom(
    running: Iterable<Pick<TaskRecord<never>, "bufferedBytes">> & { readonly size: number },
    { bytes, heldBytes }: Pick<Outbox<unknown>, "bytes" | "heldBytes">,
    now: number,
  ): boolean {
    // What stands ready is the reader's to take away; what is held back waits for a task that may not have started.
    if (running.size === 0) return bytes < this.#max;
    if (this.#room > 0 && now < this.#countAgainAt) return true;
    let buffered = bytes + heldBytes;
    for (const task of running) buffered += Math.max(task.bufferedBytes, this.#average);
    this.#room = this.#max - buffered;
    this.#countAgainAt = now + COUNT_EVERY_MS;
    return this.#room > 0;
  }
}
