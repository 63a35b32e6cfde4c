import { Chain } from "../core/chain.ts";
import { AbortError, isSkeinError, type SkeinError } from "../core/errors.ts";
import { requireCount } from "../core/option-names.ts";
import { ownOptions } from "../core/own-options.ts";
import type { Response } from "../core/response.ts";
import { AddedTasks } from "./added-tasks.ts";
import type { Wait } from "./after-attempt.ts";
import { Alarm } from "./alarm.ts";
import { Attempts } from "./attempt.ts";
import type { BatchBase } from "./batch-base.ts";
import { BatchClosed, TooManyErrors } from "./batch-error.ts";
import { type BatchEvent, EventBoard } from "./batch-events.ts";
import { BatchMeter } from "./batch-meter.ts";
import type {
  AddedTask,
  Batch,
  BatchLimitChanges,
  BatchLimits,
  BatchOptions,
  BatchOrigin,
  BatchProgress,
  OpenTask,
} from "./batch-options.ts";
import { OriginControls } from "./batch-origin.ts";
import { type BatchSettings, normalizeBatchOptions } from "./batch-settings.ts";
import { ByteBudget } from "./byte-budget.ts";
import { type FailedItem, FailedItems, type RetriedItems } from "./failed-items.ts";
import { failureKind } from "./failure-kind.ts";
import { fallbackFor } from "./fallback.ts";
import { FollowedSignal } from "./followed-signal.ts";
import { givenUp } from "./held-back.ts";
import { ItemSource } from "./item-source.ts";
import { LimitsInForce } from "./limits-in-force.ts";
import { openTasks } from "./open-tasks.ts";
import { OrderedOutbox } from "./ordered-outbox.ts";
import { Outbox } from "./outbox.ts";
import { outlook } from "./outlook.ts";
import { prepareTask } from "./prepare-task.ts";
import { ResourceWatch } from "./resource-watch.ts";
import { OriginScheduler } from "./scheduler/origin-scheduler.ts";
import type { SettledTask } from "./task.ts";
import { outOfTime } from "./task-deadline.ts";
import { newCounts, type Stop, sizeOf, type TaskBook, TaskRecord } from "./task-record.ts";
import { TaskRelations } from "./task-relations.ts";
import { isOpen } from "./task-state.ts";
import { waitingFacts } from "./waiting-facts.ts";

/** So many events wait for a reader that is slow, if it says nothing else. */
const EVENTS_KEPT = 1_000;
/** So many open tasks are told, if nothing is said. */
const OPEN_TOLD = 100;

/**
 * A batch under way. One step, `#pump`, does everything: starts what the scheduler gives while there are free slots,
 * and pulls from the input when it gives nothing. It runs whenever something may have changed: an attempt ended, an
 * item came, a wait is over, the reader caught up.
 */
export class BatchRun<I, V, R> implements Batch<I, V>, AsyncIterator<SettledTask<I, V>> {
  readonly #options: BatchOptions<I, V, R, unknown>;
  readonly #base: BatchBase<R>;
  readonly #settings: BatchSettings;
  readonly #limits: LimitsInForce;
  readonly #source: ItemSource<I>;
  readonly #scheduler: OriginScheduler<TaskRecord<I>>;
  readonly #attempts: Attempts<I, V, R>;
  readonly #outbox: Outbox<SettledTask<I, V>>;
  readonly #relations: TaskRelations<I, V> | undefined;
  /** Once somebody has asked for one. */
  #origins: OriginControls<I> | undefined;
  readonly #failed = new FailedItems<I>();
  readonly #added = new AddedTasks<I, V>();
  readonly #counts = newCounts();
  readonly #book: TaskBook<I> = { counts: this.#counts, events: undefined };
  readonly #running = new Chain<TaskRecord<I>>();
  #pulled = 0;
  readonly #meter = new BatchMeter();
  readonly #byteBudget: ByteBudget;
  /** Where it is found out how many may be in flight. */
  readonly #watch: ResourceWatch | undefined;
  /** As the step has seen it. */
  #now = 0;
  #paused = false;
  #ended = false;
  #pumping = false;
  #sourceFailure: { error: unknown } | undefined;
  /** Nothing is started any more; what has not been started, or waits, ends as cancelled. */
  #stopped: Stop | undefined;
  /** What is in flight ends as cancelled too. */
  #aborted = false;
  readonly #alarm: Alarm;
  readonly #signal: FollowedSignal;

  constructor(
    items: Iterable<I> | AsyncIterable<I>,
    given: BatchOptions<I, V, R, unknown>,
    base: BatchBase<R>,
  ) {
    const options = ownOptions(given);
    this.#options = options;
    this.#base = base;
    this.#settings = normalizeBatchOptions(options, base);
    this.#limits = new LimitsInForce(options, base);
    this.#scheduler = new OriginScheduler<TaskRecord<I>>({
      ...this.#settings,
      random: () => base.clock.random(),
    });
    this.#outbox = options.ordered ? new OrderedOutbox(this.#settings.orderedWindow) : new Outbox();
    this.#byteBudget = new ByteBudget(this.#settings.maxBufferedBytes);
    this.#watch = ResourceWatch.of(this.#settings, base, {
      running: () => this.#running.size,
      grown: () => this.#pump(),
    });
    this.#relations = TaskRelations.of(options, {
      begin: task => this.#begin(task),
      fail: (task, error) => this.#fail(task, error),
      stop: (task, stop) => this.#cancelTask(task, stop),
      endAs: (task, first) => this.#settle(task, task.endAs(first, this.#base.clock.now()), 0),
    });
    this.#attempts = this.#makeAttempts();
    this.#source = new ItemSource(items, {
      item: item => this.#enter(this.#newTask(item)),
      end: failure => {
        this.#sourceFailure = failure;
        this.#pump();
      },
    });
    this.#alarm = new Alarm(base.clock, () => this.#pump());
    this.#signal = new FollowedSignal(options.signal, reason => this.#cancelAll({ by: "user", reason }));
    this.#signal.follow();
    // Not within the call: who made the batch shall have it in hand before its functions are called.
    queueMicrotask(() => this.#pump());
  }

  get stopped(): Stop | undefined {
    return this.#stopped;
  }

  get progress(): BatchProgress {
    const now = this.#base.clock.now();
    const pace = this.#meter.tasksPerSecond(now, this.#counts);
    return {
      ...waitingFacts(this.#counts, this.#scheduler, {
        now,
        paused: { all: this.#paused, held: this.#origins?.held() ?? [] },
      }),
      pulled: this.#pulled,
      inputEnded: this.#source.ended,
      ...this.#meter.facts(now),
      gate: this.#watch?.gate,
      ...outlook(this.#scheduler, { now, left: this.#left(), tasksPerSecond: this.#paused ? 0 : pace }),
    };
  }

  /** Tasks that have not settled, those among them that are still to come; undefined where nobody knows. */
  #left(): number | undefined {
    const { pending, running, waiting } = this.#counts;
    const toCome = this.#stopped === undefined ? this.#source.left : 0;
    return toCome === undefined ? undefined : toCome + pending + running + waiting;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pump();
  }

  limits(changes?: BatchLimitChanges): BatchLimits {
    if (changes !== undefined) {
      this.#scheduler.setLimits(this.#limits.change(changes));
      this.#pump();
    }
    return this.#limits.told;
  }

  origin(url: string | URL): BatchOrigin {
    this.#origins ??= new OriginControls({
      scheduler: this.#scheduler,
      running: this.#running,
      ready: task => this.#schedule(task),
      stop: (task, stop) => this.#cancelTask(task, stop),
      pump: () => this.#pump(),
      now: () => this.#base.clock.now(),
    });
    return this.#origins.of(url);
  }

  openTasks(limit = OPEN_TOLD): readonly OpenTask<I>[] {
    requireCount(limit, "limit", 1);
    const [running, waiting] = [this.#running, this.#scheduler.waiting()];
    return openTasks({ running, waiting, now: this.#base.clock.now() }, limit);
  }

  add(item: I): AddedTask<I, V> {
    this.#beOpen();
    const task = this.#newTask(item);
    const done = this.#added.endOf(task);
    this.#enter(task);
    return { input: item, done };
  }

  retryFailed(filter: (item: FailedItem<I>) => boolean = () => true): RetriedItems {
    this.#beOpen();
    const items = this.#failed.take(filter);
    for (const { input } of items) this.#relations?.renew(input);
    for (const { input } of items) this.#enter(this.#newTask(input));
    return { retried: items.length, forgotten: this.#failed.forgotten };
  }

  /** For one more task. */
  #beOpen(): void {
    if (this.#stopped !== undefined) throw new BatchClosed("stopped");
    if (this.#ended) throw new BatchClosed("ended");
    this.#signal.follow();
  }

  events({ buffer = EVENTS_KEPT }: { buffer?: number } = {}): AsyncIterableIterator<BatchEvent<I>> {
    requireCount(buffer, "buffer", 1);
    this.#book.events ??= new EventBoard(this.#base.clock);
    const events = this.#book.events.open(buffer);
    if (this.#ended) this.#book.events.end();
    return events;
  }

  drain(): void {
    this.#stop({ by: "shutdown", reason: "the batch was drained" });
    this.#pump();
  }

  cancel(reason?: unknown): void {
    this.#cancelAll({ by: "user", reason });
  }

  [Symbol.asyncIterator](): AsyncIterator<SettledTask<I, V>> {
    return this;
  }

  next(): Promise<IteratorResult<SettledTask<I, V>>> {
    const next = this.#outbox.next();
    this.#pump();
    return next;
  }

  /** The loop was left: nobody wants the rest. */
  async return(): Promise<IteratorResult<SettledTask<I, V>>> {
    this.#cancelAll({ by: "user", reason: "the loop was left" });
    this.#outbox.clear();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  // ── taking items ──

  #newTask(input: I): TaskRecord<I> {
    const now = this.#base.clock.now();
    return new TaskRecord({ id: this.#pulled++, input, now }, this.#book);
  }

  #enter(task: TaskRecord<I>): void {
    if (this.#relations === undefined || this.#relations.admit(task)) this.#begin(task);
    this.#pump();
  }

  #begin(task: TaskRecord<I>): void {
    const failure = prepareTask(task, this.#options, this.#base);
    // The input, or the function that makes the request, may have stopped the batch itself.
    if (this.#stopped !== undefined) return this.#cancelOne(task, this.#stopped);
    if (failure !== undefined) return this.#fail(task, failure);
    this.#schedule(task);
  }

  #schedule(task: TaskRecord<I>): void {
    if (!this.#origins?.takes(task)) this.#scheduler.add(task);
  }

  // ── the step ──

  #pump(): void {
    if (this.#pumping || this.#ended) return;
    this.#pumping = true;
    this.#now = this.#base.clock.now();
    this.#failHopeless(this.#now);
    while (this.#mayStart()) {
      const now = this.#base.clock.now();
      this.#now = now;
      for (const task of this.#scheduler.takeDue(now)) {
        if (task.state !== "waiting") continue;
        task.moveTo("pending");
        this.#schedule(task);
      }
      this.#failHopeless(now);
      const task = this.#scheduler.next(now);
      if (task?.state === "pending") this.#start(task, now);
      // One that was stopped while it stood there.
      else if (task !== undefined) this.#scheduler.release(task);
      else if (!this.#mayPull() || !this.#source.pull()) break;
    }
    this.#pumping = false;
    this.#setAlarm();
    this.#endIfDone();
  }

  /** What is in flight ends by itself; what waits, here. */
  #failHopeless(now: number): void {
    for (const task of this.#scheduler.takeGivenUp())
      if (isOpen(task.state))
        this.#fail(task, givenUp(task.origin, this.#scheduler.failureOf(task.origin), now));
    for (const task of this.#scheduler.takeExpired(now)) this.#failLate(task);
    if (this.#origins !== undefined) for (const task of this.#origins.takeExpired(now)) this.#failLate(task);
  }

  #failLate(task: TaskRecord<I>): void {
    if (isOpen(task.state)) this.#fail(task, outOfTime());
  }

  #mayStart(): boolean {
    if (this.#paused || this.#stopped !== undefined) return false;
    const { size } = this.#running;
    return (
      size < Math.min(this.#limits.settings.concurrency, this.#watch?.limit ?? Number.POSITIVE_INFINITY) &&
      this.#outbox.hasRoom(size) &&
      this.#byteBudget.hasRoom(this.#running, this.#outbox, this.#now)
    );
  }

  #mayPull(): boolean {
    const { pending, waiting } = this.#counts;
    // Duplicates are pending outside the scheduler, those that were stopped stand there until their turn.
    const ahead = Math.max(pending + waiting, this.#scheduler.ready + this.#scheduler.delayed);
    return ahead < this.#settings.lookAhead && this.#outbox.mayPull(this.#pulled);
  }

  #setAlarm(): void {
    const { wakeAt } = this.#scheduler;
    const held = this.#origins?.nextDeadline ?? Number.POSITIVE_INFINITY;
    const nextDeadline = Math.min(this.#scheduler.nextDeadline, held);
    // Without a free slot time alone changes nothing: what frees one pumps.
    const next = this.#mayStart() ? Math.min(wakeAt, nextDeadline) : nextDeadline;
    this.#alarm.setTo(this.#ended ? Number.POSITIVE_INFINITY : next);
  }

  #endIfDone(): void {
    const { pending, running, waiting } = this.#counts;
    if (!this.#source.ended || pending + running + waiting > 0 || this.#ended) return;
    this.#signal.letGo();
    // Until the loop has seen the end, it may add to what there is.
    if (!this.#outbox.isAwaited && this.#stopped === undefined) return;
    this.#ended = true;
    this.#setAlarm();
    this.#book.events?.end();
    this.#outbox.end(this.#sourceFailure);
  }

  // ── an attempt ──

  #start(task: TaskRecord<I>, now: number): void {
    this.#running.add(task);
    this.#byteBudget.started();
    this.#watch?.started();
    this.#attempts.start(task, now);
  }

  #makeAttempts(): Attempts<I, V, R> {
    return new Attempts({
      base: this.#base,
      settings: this.#settings,
      parse: this.#options.parse,
      scheduler: this.#scheduler,
      meter: this.#meter,
      endings: {
        succeed: (task, value, response) => this.#succeed(task, value, response),
        fail: (task, error, response) => this.#fail(task, error, response),
        cancelled: (task, { by }, error) =>
          this.#settle(task, task.cancelled(by, error, this.#base.clock.now()), 0),
        wait: (task, wait) => this.#wait(task, wait),
        over: task => {
          this.#running.delete(task);
          this.#byteBudget.ended(task.bufferedBytes);
          this.#pump();
        },
      },
    });
  }

  #wait(task: TaskRecord<I>, { until, why }: Wait): void {
    task.waitsFor = why;
    task.waitsUntil = until;
    task.moveTo("waiting");
    const stop = task.stop ?? this.#stopped;
    if (stop !== undefined) this.#cancelOne(task, stop);
    else this.#scheduler.delay(task, until);
  }

  // ── endings ──

  #succeed(task: TaskRecord<I>, value: V, response: Response): void {
    this.#settle(task, task.succeeded(value, response, this.#base.clock.now()), sizeOf(response));
  }

  #fail(task: TaskRecord<I>, failure: SkeinError, response?: Response): void {
    failure.attempts = task.attempts;
    const saved = fallbackFor(this.#options.fallback, failure, task.input);
    // It may have stopped the batch, and the task with it.
    if (!isOpen(task.state)) return;
    const now = this.#base.clock.now();
    const bytes = response === undefined ? 0 : sizeOf(response);
    if (!isSkeinError(saved))
      return this.#settle(task, task.savedBy(saved, { error: failure, response }, now), bytes);
    const error = saved;
    error.attempts = task.attempts;
    this.#meter.failed(error);
    this.#settle(task, task.failed({ kind: failureKind(error), error, response }, now), bytes);
    if (this.#settings.cancelOnFailure) this.#cancelAll({ by: "sibling", reason: error });
  }

  #settle(task: TaskRecord<I>, settled: SettledTask<I, V>, bytes: number): void {
    this.#outbox.push(settled, bytes);
    if (settled.state === "failed") this.#failed.add(settled);
    this.#relations?.settled(task, settled);
    this.#added.settled(task, settled);
    if (!this.#settings.hasTooManyErrors?.(this.#counts)) return;
    const reason = new TooManyErrors(this.#options.maxErrors!, this.#counts, settled.error);
    this.#cancelAll({ by: "sibling", reason });
  }

  #cancelAll(stop: Stop): void {
    if (this.#ended || this.#aborted) return;
    this.#aborted = true;
    this.#stop(stop);
    for (const task of [...this.#running]) this.#cancelTask(task, stop);
    this.#pump();
  }

  #cancelTask(task: TaskRecord<I>, stop: Stop): void {
    if (!isOpen(task.state)) return;
    task.stop ??= stop;
    if (task.context !== undefined) task.context.cancel(stop.reason);
    // It has not started, or its answer is with a function of the caller's, which may never return.
    else this.#cancelOne(task, stop);
  }

  #stop(stop: Stop): void {
    this.#stopped ??= stop;
    this.#source.stop();
    for (const task of this.#scheduler.clear()) this.#cancelTask(task, this.#stopped);
    for (const task of this.#origins?.clear() ?? []) this.#cancelTask(task, this.#stopped);
  }

  #cancelOne(task: TaskRecord<I>, { by, reason }: Stop): void {
    this.#settle(task, task.cancelled(by, new AbortError(reason), this.#base.clock.now()), 0);
  }
}
