import { parseUrl } from "../core/url.ts";
import type { BatchOrigin, OriginLimits } from "./batch-options.ts";
import { limitsAt } from "./outlook.ts";
import type { OriginScheduler } from "./scheduler/origin-scheduler.ts";
import { TimeHeap } from "./scheduler/time-heap.ts";
import type { Stop, TaskRecord } from "./task-record.ts";

/** What is done with the tasks of one origin. */
export interface OriginActions<I> {
  readonly scheduler: OriginScheduler<TaskRecord<I>>;
  readonly running: Iterable<TaskRecord<I>>;
  /** Stands ready again. */
  ready(task: TaskRecord<I>): void;
  stop(task: TaskRecord<I>, stop: Stop): void;
  pump(): void;
  now(): number;
}

/** The origins of a batch that were paused or cancelled; tasks of a paused one stand here, and not in the scheduler. */
export class OriginControls<I> {
  readonly #actions: OriginActions<I>;
  readonly #paused = new Map<string, Set<TaskRecord<I>>>();
  readonly #cancelled = new Map<string, Stop>();
  /** Of those that stand here and have a deadline. */
  readonly #ending = new TimeHeap<TaskRecord<I>>();

  constructor(actions: OriginActions<I>) {
    this.#actions = actions;
  }

  /** When the first of those that stand here is out of time. */
  get nextDeadline(): number {
    return this.#ending.nextDue;
  }

  /** Tasks of paused origins. */
  *held(): Generator<TaskRecord<I>> {
    for (const tasks of this.#paused.values()) yield* tasks;
  }

  /** Whether the task may not go to the scheduler: it stands here, or has been stopped. */
  takes(task: TaskRecord<I>): boolean {
    const stop = this.#cancelled.get(task.origin);
    if (stop !== undefined) this.#actions.stop(task, stop);
    else if (!this.#paused.has(task.origin)) return false;
    else this.#hold(task);
    return true;
  }

  takeExpired(now: number): TaskRecord<I>[] {
    const expired: TaskRecord<I>[] = [];
    for (let task = this.#ending.shiftDue(now); task !== undefined; task = this.#ending.shiftDue(now)) {
      this.#paused.get(task.origin)?.delete(task);
      expired.push(task);
    }
    return expired;
  }

  /** All that stand here, and forgets them. */
  clear(): TaskRecord<I>[] {
    const tasks = [...this.#paused.values()].flatMap(held => [...held]);
    for (const held of this.#paused.values()) held.clear();
    this.#ending.clear();
    return tasks;
  }

  of(url: string | URL): BatchOrigin {
    const { key } = parseUrl(String(url)).origin;
    return {
      limits: () => this.#limits(key),
      pause: () => this.#pause(key),
      resume: () => this.#resume(key),
      cancel: reason => this.#cancel(key, { by: "user", reason }),
    };
  }

  #limits(origin: string): OriginLimits {
    const now = this.#actions.now();
    const limits = limitsAt(this.#actions.scheduler.limitsOf(origin, now), now);
    return this.#paused.has(origin) ? { ...limits, waitsFor: "paused", waitMs: undefined } : limits;
  }

  #pause(origin: string): void {
    if (this.#paused.has(origin)) return;
    this.#paused.set(origin, new Set());
    for (const task of this.#actions.scheduler.takeReady(origin)) this.#hold(task);
  }

  #resume(origin: string): void {
    for (const task of this.#release(origin)) this.#actions.ready(task);
    this.#actions.pump();
  }

  #cancel(origin: string, stop: Stop): void {
    if (this.#cancelled.has(origin)) return;
    this.#cancelled.set(origin, stop);
    const { scheduler, running } = this.#actions;
    const tasks = [
      ...this.#release(origin),
      ...scheduler.takeReady(origin),
      ...scheduler.takeDelayed(origin),
    ];
    for (const task of running) if (task.origin === origin) tasks.push(task);
    for (const task of tasks) this.#actions.stop(task, stop);
    this.#actions.pump();
  }

  #hold(task: TaskRecord<I>): void {
    this.#paused.get(task.origin)!.add(task);
    if (task.deadline < Number.POSITIVE_INFINITY) this.#ending.push(task.deadline, task);
  }

  #release(origin: string): Iterable<TaskRecord<I>> {
    const held = this.#paused.get(origin) ?? [];
    this.#paused.delete(origin);
    for (const task of held) this.#ending.remove(task);
    return held;
  }
}
