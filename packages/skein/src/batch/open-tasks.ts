import type { OpenTask } from "./batch-options.ts";
import type { TaskRecord } from "./task-record.ts";

/** Where the open tasks of a batch are. */
export interface OpenTasksParts<I> {
  /** Those whose attempt began first come first. */
  readonly running: Iterable<TaskRecord<I>>;
  readonly waiting: Iterable<TaskRecord<I>>;
  readonly now: number;
}

/** The tasks in flight, then those that wait for their next attempt: no more than `limit`, however many there are. */
export function openTasks<I>({ running, waiting, now }: OpenTasksParts<I>, limit: number): OpenTask<I>[] {
  const tasks: OpenTask<I>[] = [];
  for (const task of running) {
    if (tasks.length >= limit) return tasks;
    if (task.state === "running") tasks.push({ ...factsOf(task), state: "running", ms: task.attemptMs(now) });
  }
  for (const task of waiting) {
    if (tasks.length >= limit) return tasks;
    const ms = Math.max(0, task.waitsUntil - now);
    if (task.state === "waiting") tasks.push({ ...factsOf(task), state: "waiting", ms });
  }
  return tasks;
}

function factsOf<I>({ input, attempts, state, waitsFor }: TaskRecord<I>) {
  return { input, attempts: attempts.length, waitsFor: state === "waiting" ? waitsFor : undefined };
}
