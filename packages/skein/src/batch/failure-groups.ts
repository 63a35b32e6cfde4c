import type { Stop, TaskRecord } from "./task-record.ts";

/** Tasks that are of use only together: when one fails, the others of its group stop, and those that come later. */
export class FailureGroups<I> {
  /** Open tasks by group. */
  readonly #members = new Map<string, Set<TaskRecord<I>>>();
  readonly #groupOf = new Map<TaskRecord<I>, string>();
  readonly #failed = new Map<string, Stop>();

  /** Why the task need not even begin, if so. */
  join(task: TaskRecord<I>, group: string): Stop | undefined {
    const stop = this.#failed.get(group);
    if (stop !== undefined) return stop;
    const members = this.#members.get(group);
    if (members === undefined) this.#members.set(group, new Set([task]));
    else members.add(task);
    this.#groupOf.set(task, group);
    return undefined;
  }

  /** Tasks of the group that come from now on are not stopped for what failed before. */
  forgive(group: string): void {
    this.#failed.delete(group);
  }

  /** Who is to stop because this one has ended as it has: after a failure, the rest of its group. */
  settled(task: TaskRecord<I>, error: unknown): { stop: Stop; tasks: Iterable<TaskRecord<I>> } | undefined {
    const group = this.#groupOf.get(task);
    if (group === undefined) return undefined;
    this.#groupOf.delete(task);
    const members = this.#members.get(group)!;
    members.delete(task);
    if (members.size === 0) this.#members.delete(group);
    if (task.state !== "failed" || this.#failed.has(group)) return undefined;
    const stop: Stop = { by: "group", reason: error };
    this.#failed.set(group, stop);
    return { stop, tasks: [...members] };
  }
}
