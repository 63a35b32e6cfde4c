import { isSkeinError, type SkeinError } from "../core/errors.ts";
import type { BatchOptions } from "./batch-options.ts";
import { Duplicates } from "./duplicates.ts";
import { FailureGroups } from "./failure-groups.ts";
import { callNow } from "./handlers.ts";
import type { SettledTask } from "./task.ts";
import type { Stop, TaskRecord } from "./task-record.ts";

/** What a batch does with tasks that others decide about. */
export interface RelatedEndings<I, V> {
  fail(task: TaskRecord<I>, error: SkeinError): void;
  stop(task: TaskRecord<I>, stop: Stop): void;
  /** It goes its own way after all. */
  begin(task: TaskRecord<I>): void;
  endAs(task: TaskRecord<I>, first: SettledTask<I, V>): void;
}

/** How tasks of a batch depend on each other: those with the same `key`, and those of a `group` that stops together. */
export class TaskRelations<I, V> {
  readonly #keyOf: ((item: I) => string) | undefined;
  readonly #groupOf: ((item: I) => string) | undefined;
  readonly #duplicates = new Duplicates<I, V>();
  readonly #groups = new FailureGroups<I>();
  readonly #end: RelatedEndings<I, V>;

  static of<I, V, R>(
    options: BatchOptions<I, V, R, unknown>,
    endings: RelatedEndings<I, V>,
  ): TaskRelations<I, V> | undefined {
    const { key, group } = options;
    return key === undefined && group === undefined ? undefined : new TaskRelations(options, endings);
  }

  constructor(
    { key, group }: Pick<BatchOptions<I, V, never>, "key" | "group">,
    endings: RelatedEndings<I, V>,
  ) {
    this.#keyOf = key;
    this.#groupOf = group;
    this.#end = endings;
  }

  /** Whether the task goes its own way; otherwise it has ended, or will with another. */
  admit(task: TaskRecord<I>): boolean {
    const { input } = task;
    const group = this.#groupOf && callNow("group", () => this.#groupOf!(input));
    if (isSkeinError(group)) return this.#ended(() => this.#end.fail(task, group));
    const stop = group === undefined ? undefined : this.#groups.join(task, group);
    if (stop !== undefined) return this.#ended(() => this.#end.stop(task, stop));
    return this.#keyOf === undefined || this.#admitKey(task, this.#keyOf);
  }

  /** The item is to be sent once more: that one with its key, or of its group, has failed does not count any more. */
  renew(input: I): void {
    const key = this.#keyOf && callNow("key", () => this.#keyOf!(input));
    if (typeof key === "string") this.#duplicates.forget(key);
    const group = this.#groupOf && callNow("group", () => this.#groupOf!(input));
    if (typeof group === "string") this.#groups.forgive(group);
  }

  /** To be told of each task that has ended. */
  settled(task: TaskRecord<I>, outcome: SettledTask<I, V>): void {
    for (const follower of this.#duplicates.settled(task, outcome)) {
      // It may have been stopped before.
      if (follower.state !== "pending") continue;
      if (outcome.state !== "cancelled") this.#end.endAs(follower, outcome);
      else if (this.#admitKey(follower, this.#keyOf!)) this.#end.begin(follower);
    }
    const stopped = this.#groups.settled(task, outcome.error);
    if (stopped === undefined) return;
    for (const other of stopped.tasks) this.#end.stop(other, stopped.stop);
  }

  #admitKey(task: TaskRecord<I>, keyOf: (item: I) => string): boolean {
    const key = callNow("key", () => keyOf(task.input));
    if (isSkeinError(key)) return this.#ended(() => this.#end.fail(task, key));
    const first = this.#duplicates.join(task, key);
    if (first === undefined) return true;
    if (first === "open") return false;
    return this.#ended(() => this.#end.endAs(task, first));
  }

  #ended(end: () => void): false {
    end();
    return false;
  }
}
