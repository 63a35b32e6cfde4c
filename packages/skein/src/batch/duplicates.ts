import type { SettledTask } from "./task.ts";
import type { TaskRecord } from "./task-record.ts";

/**
 * Items with the same key: the first is sent, the others have its outcome. Keys and their outcomes are kept as long as the
 * batch: an item that comes later than the end of the first is a duplicate, too. Only where the first was cancelled, and so
 * has no outcome that is the others' as well, its key is free again.
 */
export class Duplicates<I, V> {
  readonly #byKey = new Map<string, First<I, V>>();
  readonly #firsts = new Map<TaskRecord<I>, First<I, V> & { readonly key: string }>();

  /** What has its key already: the outcome, "open" when that is to come (then `settled` gives the task back), or nothing. */
  join(task: TaskRecord<I>, key: string): SettledTask<I, V> | "open" | undefined {
    const first = this.#byKey.get(key);
    if (first === undefined) {
      this.#begin(task, key);
      return undefined;
    }
    if (first.outcome !== undefined) return first.outcome;
    first.followers.push(task);
    return "open";
  }

  /** Those that end as this one has; those that begin anew where it was cancelled. */
  settled(task: TaskRecord<I>, outcome: SettledTask<I, V>): readonly TaskRecord<I>[] {
    const first = this.#firsts.get(task);
    if (first === undefined) return [];
    this.#firsts.delete(task);
    if (outcome.state === "cancelled") this.#byKey.delete(first.key);
    else first.outcome = outcome;
    return first.followers.splice(0);
  }

  /** The next item with this key is sent, where the first of it has ended. */
  forget(key: string): void {
    if (this.#byKey.get(key)?.outcome !== undefined) this.#byKey.delete(key);
  }

  #begin(task: TaskRecord<I>, key: string): void {
    const first = { key, followers: [], outcome: undefined };
    this.#byKey.set(key, first);
    this.#firsts.set(task, first);
  }
}

interface First<I, V> {
  readonly followers: TaskRecord<I>[];
  outcome: SettledTask<I, V> | undefined;
}
