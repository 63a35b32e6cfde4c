import { Fifo } from "../core/fifo.ts";
import type { SettledTask } from "./task.ts";

/** So many are remembered, and the latest. */
const REMEMBERED = 10_000;

/** A task that failed, as far as a batch remembers it. */
export interface FailedItem<I> {
  readonly id: number;
  readonly input: I;
  /** The error's code. */
  readonly code: string;
  readonly message: string;
  /** Of the last answer; undefined where there was none. */
  readonly status: number | undefined;
}

/** What became of `retryFailed`. */
export interface RetriedItems {
  /** As many tasks were made of failed items. */
  readonly retried: number;
  /** Failures that were no more remembered. */
  readonly forgotten: number;
}

/** The latest failures of a batch, without their answers: memory does not follow the length of the input. */
export class FailedItems<I> {
  #items = new Fifo<FailedItem<I>>();
  #forgotten = 0;

  get forgotten(): number {
    return this.#forgotten;
  }

  add({ id, input, error, response }: SettledTask<I, unknown>): void {
    if (this.#items.size >= REMEMBERED) {
      this.#items.shift();
      this.#forgotten += 1;
    }
    const { code, message } = error!;
    this.#items.push({ id, input, code, message, status: response?.status });
  }

  /** Those that are wanted; they are forgotten here. Where `wanted` throws, none is. */
  take(wanted: (item: FailedItem<I>) => boolean): readonly FailedItem<I>[] {
    const taken: FailedItem<I>[] = [];
    const rest = new Fifo<FailedItem<I>>();
    for (const item of this.#items) {
      if (wanted(item)) taken.push(item);
      else rest.push(item);
    }
    this.#items = rest;
    return taken;
  }
}
