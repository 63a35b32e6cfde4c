import type { BatchProgress, WaitReason } from "./batch-options.ts";
import type { OriginScheduler } from "./scheduler/origin-scheduler.ts";
import type { TaskCounts, TaskRecord } from "./task-record.ts";

/** How many tasks are in each state, and what those wait for that wait: a time of their own, or their origin. */
export function waitingFacts<I>(
  counts: TaskCounts,
  scheduler: OriginScheduler<TaskRecord<I>>,
  now: number,
): TaskCounts & Pick<BatchProgress, "waitingFor"> {
  const waitingFor: Partial<Record<WaitReason, number>> = {};
  const count = (why: WaitReason) => {
    waitingFor[why] = (waitingFor[why] ?? 0) + 1;
  };
  for (const { state, waitsFor } of scheduler.waiting()) if (state === "waiting") count(waitsFor!);
  let held = 0;
  for (const [why, { state }] of scheduler.held(now)) {
    // One that was stopped there stands there until its turn.
    if (state !== "pending") continue;
    count(why);
    held += 1;
  }
  return { ...counts, pending: counts.pending - held, waiting: counts.waiting + held, waitingFor };
}
