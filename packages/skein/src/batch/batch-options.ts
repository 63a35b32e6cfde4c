import type { Duration } from "../core/duration.ts";
import type { Response } from "../core/response.ts";
import type { Rate } from "../policy/rate.ts";
import type { SettledTask } from "./task.ts";

/** What a batch is told; `R` is what the client takes for one request (a URL, or an object with `url`). */
export interface BatchOptions<I, V, R> {
  /** The request of an item. Default: the item itself, which then must be a URL or a request. */
  request?: (item: I) => R;
  /** What becomes the task's `value`. Default: the response. A throw fails the task (kind `handler`). */
  parse?: (response: Response) => V | Promise<V>;
  /** Which statuses succeed. Default: 2xx. */
  accept?: (status: number) => boolean;
  /** Requests in flight at once. Default: 50. */
  concurrency?: number;
  /** Requests in flight at once to one origin. Default: as many as `concurrency`. */
  perOrigin?: number;
  /**
   * Attempts that go out a time, retries among them, to all origins together: `"100/s"`, `"6000/min"`, `"5/2s"`. No window of
   * that time holds more, unless the rate allows a `burst`. Default: unlimited.
   */
  rate?: Rate;
  /** As `rate`, to each origin. Default: unlimited. */
  perOriginRate?: Rate;
  /**
   * Which tasks of an origin go first: the higher number; on ties the earlier deadline, then the order of the input.
   * Origins take turns whatever it says. A throw fails the task (kind `handler`). Default: 0 for all.
   */
  priority?: (item: I) => number;
  /** Attempts in all, for what may be repeated; `1` or `false` for none more. Default: 3. */
  attempts?: number | false;
  /** How long an attempt may take from its dispatch, body included. Default: the client's `timeout.total`. */
  timeout?: Duration;
  /** The most bytes of a decoded body. Default: 64 MiB, or the client's `limits.maxResponseBytes` where that is less. */
  maxResponseBytes?: number;
  /** What a failed task does to the others. Default: "continue". */
  onFailure?: "continue" | "cancel-batch";
  /** Cancels the batch when it aborts. */
  signal?: AbortSignal;
}

/** A batch under way: iterate it for its settled tasks, in the order they settle. Leaving the loop cancels the rest. */
export interface Batch<I, V> extends AsyncIterable<SettledTask<I, V>>, AsyncDisposable {
  /** A snapshot: cheap, and new at each reading. */
  readonly progress: BatchProgress;
  /** Starts nothing more; what is in flight goes on. */
  pause(): void;
  resume(): void;
  /** For a shutdown: finishes the attempts in flight and starts nothing more; the other tasks end as `cancelled`. */
  drain(): void;
  /** Ends every task taken from the input that has not settled as `cancelled`; the iteration yields them, and ends. */
  cancel(reason?: unknown): void;
}

export interface BatchProgress {
  /** Taken from the input so far. */
  readonly pulled: number;
  /** Whether the input has ended, so that `pulled` is the total. */
  readonly inputEnded: boolean;
  readonly pending: number;
  readonly running: number;
  readonly waiting: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Attempts that ended, retries included. */
  readonly attempts: number;
  /** Bytes of decoded bodies. */
  readonly bytes: number;
}
