import type { Batch, BatchOptions } from "./batch-options.ts";
import type { CancelledTask, FailedTask, SucceededTask } from "./task.ts";

/** Where messages come from: a queue's, or any other. */
export type Messages<M> = AsyncIterable<M> | Iterable<M>;

/** What sends the requests; a client is one. */
export interface BatchMaker<R> {
  batch<I, V>(items: AsyncIterable<I>, options: BatchOptions<I, V, R>): Batch<I, V>;
}

/** A message that was not done, and whether it may be later. */
export type UndoneTask<M> = (FailedTask<M> | CancelledTask<M>) & {
  /** Whether it may succeed when it is delivered again: what was cancelled may, and what `error.retryable` says. */
  readonly retryable: boolean;
  /** How long the server asked to wait, in milliseconds, when it did. */
  readonly retryAfterMs: number | undefined;
};

/** What is of lists, not of queues: there each message ends for itself. */
type BatchOnly = "onFailure" | "fallback" | "group" | "maxErrors" | "key" | "ordered" | "priority";

/** How messages are consumed; the options of a batch that are not named here are the batch's. */
export interface ConsumeOptions<M, V, R>
  extends Omit<BatchOptions<M, V, R>, "request" | "signal" | "concurrency" | BatchOnly> {
  /** Messages that are being worked on at once. Default: 50. */
  concurrency?: number;
  /** What sends the requests. */
  client: BatchMaker<R>;
  /** What is done with an answer, before its message is acknowledged. A throw fails the task (kind `handler`). */
  handle?: (task: SucceededTask<M, V>, signal: AbortSignal) => unknown;
  /** Tells the queue that a message is done: its answer was received, and `handle` has ended. */
  ack: (message: M, task: SucceededTask<M, V>) => unknown;
  /** Tells the queue that a message is not done: it failed, or the consumer was stopped. */
  nack: (message: M, task: UndoneTask<M>) => unknown;
  /**
   * Messages held at once, neither acknowledged nor given back: being asked for, backing off or being handled. Default: twice
   * the `concurrency`.
   */
  prefetch?: number;
  /** Drains when it aborts, as `drain()`. */
  signal?: AbortSignal;
}

export interface ConsumeSummary {
  /** Messages taken from the queue; each was then acknowledged or given back. */
  readonly taken: number;
  readonly acked: number;
  readonly nacked: number;
  /** Why it ended: there were no more messages, or it was told to. */
  readonly ended: "input" | "drained" | "cancelled";
}

/** Messages that are being consumed: a promise of the summary, once all that were taken are acknowledged or given back. */
export interface Consumption extends Promise<ConsumeSummary> {
  /** Takes no more messages, finishes the attempts and handlers that run, and gives back what waits. */
  drain(): void;
  /** Stops what runs too, and gives it back. */
  cancel(reason?: unknown): void;
}
