import type { Clock, Timer } from "../core/clock.ts";
import { type Deadline, timeLeft } from "../core/deadline.ts";
import { formatDuration } from "../core/duration.ts";
import { AbortError, InvalidOption, TotalTimeout } from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import { checkNames, requireCount, requireFunction } from "../core/option-names.ts";
import { GroupClosed, GroupError } from "./group-error.ts";
import { GroupTask, isCancellation, type TaskEnd, type TaskFunction, TaskRun } from "./group-task.ts";

export interface TaskGroupOptions {
  /** Tasks that run at once; the others wait, first come, first served. Default: no limit. */
  limit?: number;
  /** When the group must have ended: a duration from its making, or a Date. Then it is cancelled. Default: none. */
  deadline?: Deadline;
  /** Cancels the group when it aborts; the group leaves no listener on it. */
  signal?: AbortSignal;
  /** What the failure of a task does: end the group, or be told at its end with all others. Default: "cancel". */
  onError?: "cancel" | "collect";
}

const NAMES = ["limit", "deadline", "signal", "onError"];

/** Why a group ends before its tasks do. */
interface Stop {
  readonly reason: unknown;
  /** What its block ends with; undefined where the group was cancelled by its own program, which is no failure. */
  readonly error: { readonly value: unknown } | undefined;
}

/** Structured concurrency; an entry gives it its clock. See `TaskGroup` of the entries. */
export class BaseTaskGroup implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #collects: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#stopFromOutside();
  readonly #controller = new AbortController();
  /** Those that have not ended. */
  readonly #runs = new Set<TaskRun<unknown>>();
  readonly #pending = new Fifo<TaskRun<unknown>>();
  readonly #failures: unknown[] = [];
  #running = 0;
  #timer: Timer | undefined;
  #stop: Stop | undefined;
  #whenEmpty: (() => void) | undefined;
  #end: Promise<void> | undefined;
  #isJoined = false;
  #closed = false;

  constructor(given: TaskGroupOptions, clock: Clock) {
    const { limit, deadline, signal, onError } = checkNames(given, NAMES, "TaskGroup");
    if (onError !== undefined && onError !== "cancel" && onError !== "collect")
      throw new InvalidOption(`onError: expected "cancel" or "collect"; got "${String(onError)}"`);
    this.#clock = clock;
    this.#limit = requireCount(limit ?? Number.POSITIVE_INFINITY, "limit", 1);
    this.#collects = onError === "collect";
    this.#signal = signal;
    this.#endAfter(timeLeft(deadline, clock));
    if (signal?.aborted) this.#stopFromOutside();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborts when the group is cancelled, whatever the cause: for work of the block that is no task. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How many tasks have begun and not ended. */
  get running(): number {
    return this.#running;
  }

  /** How many tasks wait for the limit. */
  get pending(): number {
    return this.#runs.size - this.#running;
  }

  /** What tasks have failed with so far, in the order of time. */
  get failures(): readonly unknown[] {
    return [...this.#failures];
  }

  /**
   * Runs a task: at once, or when the limit allows it. A task may run others, also in groups of its own, whose `signal` is
   * then the one that it was given. After the group was cancelled it is not begun, and rejects with AbortError.
   *
   * @returns a promise of its result, which can be cancelled alone; that it rejects need not be heeded
   * @throws GroupClosed when the group has ended
   */
  run<T>(task: TaskFunction<T>): GroupTask<T> {
    requireFunction(task, "run");
    if (this.#closed) throw new GroupClosed();
    const run = new TaskRun<T>(task, (ended, end) => this.#ended(ended as TaskRun<unknown>, end));
    const promise = new GroupTask(run);
    this.#runs.add(run as TaskRun<unknown>);
    if (this.#stop !== undefined) run.cancel(this.#controller.signal.reason);
    else if (this.#running < this.#limit) this.#start(run as TaskRun<unknown>);
    else this.#pending.push(run as TaskRun<unknown>);
    return promise;
  }

  /** Cancels all tasks, and begins none any more. The block then ends without an error, unless a task had failed before. */
  cancel(reason?: unknown): void {
    this.#cancelAll({ reason, error: undefined });
  }

  /**
   * Waits until every task has ended; what they run meanwhile too. `await using` does it at the end of the block.
   *
   * @throws (rejects with) the first failure, whose `suppressed` lists what else failed; with `onError: "collect"`
   * GroupError, whose `errors` are all failures; TotalTimeout after the deadline; AbortError after `signal` has aborted
   */
  async join(): Promise<void> {
    this.#isJoined = true;
    await this.#whenEnded();
    const failure = this.#verdict();
    if (failure !== undefined) throw failure.value;
  }

  /**
   * Runs `body` and joins: as `await using`, for runtimes that do not have it, and better where `body` may throw: that
   * cancels the group, and there is one error. (A block that throws, with a group that fails, makes a SuppressedError.)
   *
   * @returns what `body` returns
   * @throws (rejects with) what `body` throws, and as `join()`; AbortError where `cancel()` has ended `body` itself
   * @example
   * const [a, b] = await new TaskGroup({ deadline: "5s" }).scope(async group => {
   *   const first = group.run(signal => client.get(urlA, { signal }).json());
   *   const second = group.run(signal => client.get(urlB, { signal }).json());
   *   return [await first, await second];
   * });
   */
  async scope<T>(body: (group: this) => PromiseLike<T> | T): Promise<T> {
    let result: { value: T } | undefined;
    try {
      result = { value: await body(this) };
    } catch (error) {
      this.#bodyFailed(error);
    }
    await this.join();
    // It ended early because its own program had cancelled the group: there is no value to return.
    if (result === undefined) throw new AbortError(this.#controller.signal.reason);
    return result.value;
  }

  /** Joins, and throws as `join()` does, unless that was called before. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isJoined) await this.#whenEnded();
    else await this.join();
  }

  // ── tasks ──

  #start(run: TaskRun<unknown>): void {
    this.#running += 1;
    run.start();
  }

  #ended(run: TaskRun<unknown>, end: TaskEnd): void {
    this.#runs.delete(run);
    if (run.hasBegun) this.#running -= 1;
    if (end.state === "failed") this.#failed(end.error);
    // That it was cancelled is no failure; but what failed in an inner group meanwhile is.
    if (end.state === "cancelled") for (const error of suppressedBy(end.error)) this.#note(error);
    while (this.#running < this.#limit) {
      const next = this.#pending.shift();
      if (next === undefined) break;
      if (next.state === "pending") this.#start(next);
    }
    if (this.#runs.size === 0) this.#whenEmpty?.();
  }

  #failed(error: unknown): void {
    this.#note(error);
    if (!this.#collects) this.#cancelAll({ reason: error, error: { value: error } });
  }

  /** Once: who awaits a task of its group fails with the same error. */
  #note(error: unknown): void {
    if (typeof error !== "object" || !this.#failures.includes(error)) this.#failures.push(error);
  }

  /** Its throw ends the group in either mode, unless the group's own end was the cause. */
  #bodyFailed(error: unknown): void {
    if (this.#stop !== undefined && isCancellation(error, this.#controller.signal.reason)) return;
    this.#note(error);
    this.#cancelAll({ reason: error, error: { value: error } });
  }

  // ── its end ──

  #cancelAll(stop: Stop): void {
    if (this.#stop !== undefined || this.#closed) return;
    this.#stop = stop;
    this.#letGo();
    this.#controller.abort(stop.reason);
    this.#pending.clear();
    for (const run of [...this.#runs]) run.cancel(this.#controller.signal.reason);
  }

  #stopFromOutside(): void {
    const { reason } = this.#signal!;
    this.#cancelAll({ reason, error: { value: new AbortError(reason) } });
  }

  #endAfter(left: number): void {
    if (left === Number.POSITIVE_INFINITY) return;
    const at = this.#clock.now() + left;
    const expire = () => {
      const reason = new TotalTimeout("TOTAL_TIMEOUT", `the group did not end ${within(left)}`, {
        phase: "queue",
      });
      this.#cancelAll({ reason, error: { value: reason } });
    };
    // A timer has a longest time, which a Date may be beyond.
    const look = () => {
      const rest = at - this.#clock.now();
      if (rest > 0) this.#timer = this.#clock.setTimer(look, Math.ceil(rest));
      else expire();
    };
    look();
  }

  #whenEnded(): Promise<void> {
    this.#end ??= this.#waitForAll();
    return this.#end;
  }

  async #waitForAll(): Promise<void> {
    while (this.#runs.size > 0) {
      await new Promise<void>(resolve => {
        this.#whenEmpty = resolve;
      });
    }
    this.#closed = true;
    this.#letGo();
  }

  #letGo(): void {
    this.#timer?.cancel();
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  /** What the group's block ends with, if it does not end well. */
  #verdict(): { readonly value: unknown } | undefined {
    const ended = this.#stop?.error;
    if (ended === undefined && this.#failures.length === 0) return undefined;
    if (ended === undefined && this.#collects) return { value: this.#allFailures() };
    const value = ended === undefined ? this.#failures[0] : ended.value;
    attach(
      value,
      this.#failures.filter(failure => failure !== value),
    );
    return { value };
  }

  #allFailures(): GroupError {
    const { length } = this.#failures;
    const reason = length === 1 ? "a task of the group failed" : `${length} tasks of the group failed`;
    return new GroupError(reason, this.failures);
  }
}

function within(left: number): string {
  return left > 0
    ? `within ${formatDuration(left)}`
    : "before its deadline, which had passed when it was made";
}

/** As Java's `addSuppressed`: one error is thrown, and nothing that failed beside it is lost. */
function attach(error: unknown, others: readonly unknown[]): void {
  if (others.length === 0 || typeof error !== "object" || error === null || !Object.isExtensible(error))
    return;
  // An error that has come through an inner group has those of that group already.
  Object.assign(error, { suppressed: [...new Set([...suppressedBy(error), ...others])] });
}

function suppressedBy(error: unknown): readonly unknown[] {
  const { suppressed } = (error ?? {}) as { suppressed?: unknown };
  return Array.isArray(suppressed) ? suppressed : [];
}
