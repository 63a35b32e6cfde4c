import type { Deadline } from "../core/deadline.ts";
import type { Duration } from "../core/duration.ts";
import type { SkeinError } from "../core/errors.ts";
import type { Response } from "../core/response.ts";
import type { CircuitBreakerOptions } from "../policy/circuit-breaker-options.ts";
import type { Rate } from "../policy/rate.ts";
import type { Gate } from "../policy/resource-gate.ts";
import type { BatchEvent } from "./batch-events.ts";
import type { FailedItem, RetriedItems } from "./failed-items.ts";
import type { CancelledBy, TaskOf } from "./task.ts";

/** What a batch is told; `F` is what its `fallback` returns, `R` what the client takes for one request (a URL, or an object with `url`). */
export interface BatchOptions<I, V, R, F = never> {
  /** The request of an item. Default: the item itself, which then must be a URL or a request. */
  request?: (item: I) => R;
  /** What becomes the task's `value`. Default: the response. A throw fails the task (kind `handler`). */
  parse?: (response: Response) => V | Promise<V>;
  /** Which statuses succeed. Default: 2xx. */
  accept?: (status: number) => boolean;
  /**
   * Requests in flight at once; "auto": as many as the client's `limits` allow, or fewer for what this process has: descriptors,
   * memory, and an event loop that comes round in time (`progress.gate`); `perOrigin` is "auto", too. Default: 50.
   */
  concurrency?: number | "auto";
  /**
   * Requests in flight at once to one origin; "auto": it is found out how many each can take, by how long its answers take and
   * whether it refuses (429, 503) or breaks off. Default: as many as `concurrency`.
   */
  perOrigin?: number | "auto";
  /**
   * Requests in flight at once to all origins of one domain, as `domainOf` names it for a host; `perOrigin` holds as well. A throw
   * fails the task (kind `handler`). Default: unlimited.
   *
   * @example
   * client.batch(urls, { perDomain: { limit: 8, domainOf: host => getDomain(host) ?? host } }); // tldts
   */
  perDomain?: { limit: number; domainOf: (host: string) => string };
  /**
   * Attempts that go out a time, retries among them, to all origins together: `"100/s"`, `"6000/min"`, `"5/2s"`. No window of
   * that time holds more, unless the rate allows a `burst`. Default: unlimited.
   */
  rate?: Rate;
  /** As `rate`, to each origin. Default: unlimited. */
  perOriginRate?: Rate;
  /**
   * Leaves an origin alone while it fails, as `circuitBreaker()` does for a client, with the same options: when half of at
   * least 20 tasks in 10 s failed at their first attempt, its tasks wait, which uses up no attempt, and after 5 s one is sent to see. They
   * end with CircuitOpen when there was no good answer for 15 minutes, or for one where there never was one. `false` to go
   * on asking. Default: true.
   */
  circuitBreaker?: boolean | CircuitBreakerOptions;
  /**
   * Which tasks of an origin go first: the higher number; on ties the earlier deadline, then the order of the input.
   * Origins take turns whatever it says. A throw fails the task (kind `handler`). Default: 0 for all.
   */
  priority?: (item: I) => number;
  /**
   * Attempts in all, for what may be repeated; `1` or `false` for none more. Those after the first are paid from a purse of
   * their origin: 5 of its 1,000 tokens each (10 after a timeout); a good answer gives back 20, a second 5. They wait until
   * there are enough. Default: 3.
   */
  attempts?: number | false;
  /** Which statuses are tried again, where that does no harm. Default: 408, 425, 429, 500, 502, 503, 504, 521, 522 and 524. */
  retryOn?: readonly number[];
  /**
   * No further attempt is planned for later than this after a task's first began; it then fails as it did, and says so. An
   * attempt under way is not cut short. Default: no such end.
   */
  retryMaxTime?: Duration;
  /** How long an attempt may take from its dispatch, body included. Default: the client's `timeout.total`. */
  timeout?: Duration;
  /**
   * When an item must have ended, attempts and waits included: a duration from when it was taken from the input, or a Date, which
   * is then one for all. Later it fails with TotalTimeout. An item may say its own. Default: none.
   */
  deadline?: Deadline;
  /** The most bytes of a decoded body. Default: 64 MiB, or the client's `limits.maxResponseBytes` where that is less. */
  maxResponseBytes?: number;
  /**
   * The most bytes of bodies in memory at once: those that come in (as they come over the network), are with `parse`, or wait to be
   * read. Beyond them nothing more is started until some are gone. What runs goes on, and one task may always run: each
   * body is bounded by `maxResponseBytes` alone. Default: 256 MiB.
   */
  maxBufferedBytes?: number;
  /** What a failed task does to the others: nothing, or it cancels those of its `group`, or all. Default: "continue". */
  onFailure?: "continue" | "cancel-group" | "cancel-batch";
  /**
   * With `onFailure: "cancel-group"`: which items are of use only together. When one of a group fails, the others are
   * cancelled (`by: "group"`, the error as their cause), those that come later included. The names of failed groups are
   * kept as long as the batch.
   */
  group?: (item: I) => string;
  /**
   * Cancels the batch (`by: "sibling"`, the cause is a TooManyErrors) once more tasks have failed than this: a number, or a
   * share of the tasks that succeeded or failed, which counts from 20 such tasks on. `0` is `onFailure: "cancel-batch"`.
   *
   * @example
   * client.batch(urls, { maxErrors: "5%" });
   */
  maxErrors?: number | `${number}%`;
  /**
   * What a task's `value` is when it failed for good, in the place of its failure: it then succeeds, with `fallback: true` and the
   * `error`. Given the error and the item; returns a value, no promise; throwing the error, or another, fails the task. Never
   * asked for what is a mistake in the program, or was cancelled.
   *
   * @example
   * client.batch(ids, { request, parse, fallback: error => { if (isTimeout(error)) return undefined; throw error; } });
   */
  fallback?: (error: SkeinError, item: I) => F;
  /**
   * What makes two items the same: only the first of a key is sent, the others end as it does, with its value, response or
   * error and `duplicateOf`, its number. That holds for items that come after its end, too: each key and its outcome,
   * the response included, are kept as long as the batch. Where the first was cancelled, the next one is sent.
   *
   * @example
   * client.batch(urls, { key: url => url });
   */
  key?: (item: I) => string;
  /**
   * Whether tasks come in the order of the input. One that is slow then holds back those behind it: up to 1,000 settled
   * tasks (10 times the `concurrency`, if that is more) or 64 MiB, before no further item is taken. Default: false, as they
   * settle.
   */
  ordered?: boolean;
  /** Cancels the batch when it aborts. */
  signal?: AbortSignal;
}

/** A batch under way: iterate it for its settled tasks, as they settle or in their order. Leaving the loop cancels the rest. */
export interface Batch<I, V, F = never> extends AsyncIterable<TaskOf<I, V, F>>, AsyncDisposable {
  /** Why it ended early: who stopped it, and the reason given or the error; undefined while it was not stopped. */
  readonly stopped: { readonly by: CancelledBy; readonly reason: unknown } | undefined;
  /** A snapshot: cheap, and new at each reading. */
  readonly progress: BatchProgress;
  /** Starts nothing more; what is in flight goes on. */
  pause(): void;
  resume(): void;
  /**
   * The limits in force; in a page undefined, until the batch's code is there.
   *
   * @param changes other limits from now on. What is in flight goes on: where fewer are allowed than that, some end first
   * @throws InvalidOption, as the options of the batch do; nothing has changed then
   * @example
   * batch.limits({ concurrency: 10, rate: "20/s", perOriginRate: null });
   */
  limits(changes?: BatchLimitChanges): BatchLimits | undefined;
  /**
   * The part of the batch that goes to one origin.
   *
   * @param url any URL of it: the scheme, the host and the port count
   * @throws InvalidUrl when it is none
   * @example
   * batch.origin("https://api.example.com").pause();
   */
  origin(url: string | URL): BatchOrigin;
  /**
   * The tasks in flight, those whose attempt began first coming first, then those that wait for their next attempt. A snapshot.
   *
   * @param limit the most that are told. Default: 100
   * @throws InvalidOption
   * @example
   * for (const { input, state, ms } of batch.openTasks(20)) console.log(input, state, ms);
   */
  openTasks(limit?: number): readonly OpenTask<I>[];
  /**
   * One more item, while the batch runs: until the loop has seen its end. Its task comes in the loop, as the others do; the
   * loop has to go on reading.
   *
   * @throws BatchClosed when the batch has ended, or was stopped
   * @example
   * const task = await batch.add("https://example.com/next").done;
   */
  add(item: I): AddedTask<I, V, F>;
  /**
   * Sends what has failed once more: each of those items gets a new task, as if it had been added, and the counts of the old
   * ones stay. It is for failures of which the cause is mended: a token, a server that was started again. The latest 10,000
   * failures are remembered; what was cancelled, with its group or by hand, is not among them.
   *
   * @param filter which of them. Default: all
   * @throws BatchClosed when the batch has ended, or was stopped; what `filter` throws, and then nothing has changed
   * @example
   * batch.retryFailed(({ status }) => status === 401);
   */
  retryFailed(filter?: (item: FailedItem<I>) => boolean): RetriedItems;
  /**
   * Each move of a task from one state to the next, from now on to the end of the batch. A reader that is slow holds up
   * nothing: of more than `buffer` events (1,000) that it has not read the oldest are let go of, and it is told how many. It
   * does not stand for the loop, which has to go on reading.
   *
   * @throws InvalidOption
   * @example
   * for await (const event of batch.events()) if (event.type === "task") show(event.id, event.state);
   */
  events(options?: { buffer?: number }): AsyncIterableIterator<BatchEvent<I>>;
  /** For a shutdown: finishes the attempts in flight and starts nothing more; the other tasks end as `cancelled`. */
  drain(): void;
  /** Ends every task taken from the input that has not settled as `cancelled`; the iteration yields them, and ends. */
  cancel(reason?: unknown): void;
}

/** A task that has begun and not ended. */
export interface OpenTask<I> {
  readonly input: I;
  readonly state: "running" | "waiting";
  /** Attempts that have ended. */
  readonly attempts: number;
  /** Milliseconds: how long the attempt under way has taken; of one that waits, how long it waits still. */
  readonly ms: number;
  /** Undefined of one in flight. */
  readonly waitsFor: WaitReason | undefined;
}

/** The tasks of a batch that go to one origin; a redirect that leads there is not among them. */
export interface BatchOrigin {
  /** Starts nothing more there; what is in flight goes on, what waits is not forgotten, deadlines pass. */
  pause(): void;
  resume(): void;
  /** Ends its tasks as `cancelled` (by `user`), and those that come later as well. */
  cancel(reason?: unknown): void;
  /** What holds its tasks back at this moment; in a page undefined, until the batch's code is there. */
  limits(): OriginLimits | undefined;
}

/** The limits in force for an origin; those that it did not ask for are the batch's. */
export interface OriginLimits {
  /** In flight at once. */
  readonly concurrency: number;
  /** Requests a second: `perOriginRate`, or what was learned from its answers "too many" (429); the lower. */
  readonly rate: number | undefined;
  /** Undefined where its tasks may go, each at its turn. */
  readonly waitsFor: WaitReason | undefined;
  /** For how long, in milliseconds, if nothing else happens; undefined where nobody knows. */
  readonly waitMs: number | undefined;
}

/** The limits of a batch. */
export interface BatchLimits {
  /** In flight at once; where `findsConcurrency`, the most there may be. */
  readonly concurrency: number;
  readonly findsConcurrency: boolean;
  /** In flight at once to one origin; where `findsPerOrigin`, the most there may be. */
  readonly perOrigin: number;
  readonly findsPerOrigin: boolean;
  /** As they were given. */
  readonly rate: Rate | undefined;
  readonly perOriginRate: Rate | undefined;
}

/** What is left out stays as it is; `null` takes a rate away. As the options of a batch. */
export interface BatchLimitChanges {
  concurrency?: number;
  perOrigin?: number | "auto";
  rate?: Rate | null;
  perOriginRate?: Rate | null;
}

/** A task that was added to a batch. */
export interface AddedTask<I, V, F = never> {
  readonly input: I;
  /** How it ended; never rejects. */
  readonly done: Promise<TaskOf<I, V, F>>;
}

export interface BatchProgress {
  /** Taken from the input so far. */
  readonly pulled: number;
  /** Whether the input has ended, so that `pulled` is the total. */
  readonly inputEnded: boolean;
  readonly pending: number;
  readonly running: number;
  /** Between two attempts, or held back; `waitingFor` says how many for what. */
  readonly waiting: number;
  readonly waitingFor: Readonly<Partial<Record<WaitReason, number>>>;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Attempts that ended, retries included. */
  readonly attempts: number;
  /** Bytes of decoded bodies. */
  readonly bytes: number;
  readonly rate: RequestRate;
  /** How long attempts take from their dispatch to the end of the body; undefined before the first has ended. */
  readonly latency: LatencyPercentiles | undefined;
  /**
   * About how long it still takes, in milliseconds: all that is left at the rate of the last minute, or what is known to go to
   * the slowest origin at its own, if that is longer. Undefined where nobody knows how many items there are (the input is no array or
   * Set, and goes on), before anything has ended, and while it is paused.
   */
  readonly eta: number | undefined;
  /** The 10 origins that take longest with what is known to go there, the slowest first, and what limits them now. */
  readonly origins: readonly OriginProgress[];
  /**
   * With `concurrency: "auto"`: what keeps the batch below the client's limits, and how many may be in flight for that. `"connections"`:
   * the process may open no more files; `"memory"`: more than 85 % are in use; `"event loop"`: it comes round more than 100 ms late,
   * so that answers lie unread. Undefined where nothing does.
   */
  readonly gate: { readonly by: Gate; readonly concurrency: number } | undefined;
  /** What tasks failed with, the 10 most frequent, the first the most. */
  readonly errors: readonly ErrorCount[];
}

/**
 * What a task waits for: the time until it is tried again (`backoff`, or what the server asked for: `retry-after`), its
 * origin, which wants to be left alone (`origin cooling`) or fails (`circuit open`), tokens that pay for trying it again
 * (`budget`), a limit of the client's own (`rate`): `rateLimit()`, `adaptiveLimit()`, `loadShed()`; or somebody, who has
 * `paused` the batch or the origin.
 */
export type WaitReason =
  | "backoff"
  | "retry-after"
  | "origin cooling"
  | "circuit open"
  | "budget"
  | "rate"
  | "paused";

/** One origin of a batch, and what limits it now. */
export interface OriginProgress extends OriginLimits {
  readonly origin: string;
  /** Tasks taken from the input that have not settled; of those ahead in the input nothing is known. */
  readonly open: number;
  readonly running: number;
  /** Attempts a second that ended, in the last 10 to 20 seconds. */
  readonly perSecond: number;
  /**
   * About how long it takes with its open tasks, in milliseconds; where none has ended lately, at least as long as it is left
   * alone (`waitMs`), and undefined where that is not known either.
   */
  readonly eta: number | undefined;
}

/** Attempts a second that ended, retries included. */
export interface RequestRate {
  /** In the last 5 seconds. */
  readonly now: number;
  /** In the last minute. */
  readonly minute: number;
}

/** In milliseconds, within 2.5 %. */
export interface LatencyPercentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface ErrorCount {
  /** The code of the error; with the status where it was refused: `HTTP_STATUS 404`. */
  readonly error: string;
  readonly count: number;
}
