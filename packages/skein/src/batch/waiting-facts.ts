import type { BatchProgress, WaitReason } from "./batch-options.ts";
import type { OriginScheduler } from "./scheduler/origin-scheduler.ts";
import type { TaskCounts, TaskRecord } from "./task-record.ts";

/** What is paused of a batch. */
export interface Pauses<I> {
  readonly all: boolean;
  /** Tasks of the origins that are. */
  readonly held: Iterable<Pick<TaskRecord<I>, "state">>;
}

/** How many tasks are in each state, and what those wait for that wait: a time of their own, their origin, or somebody. */
export function waitingFacts<I>(
  counts: TaskCounts,
  scheduler: OriginScheduler<TaskRecord<I>>,
  { now, paused }: { readonly now: number; readonly paused: Pauses<I> },
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
  for (const { state } of paused.held) {
    if (state !== "pending") continue;
    count("paused");
    held += 1;
  }
  if (paused.all && counts.pending > held) {
    waitingFor.paused = (waitingFor.paused ?? 0) + counts.pending - held;
    held = counts.pending;
  }
  return { ...counts, pending: counts.pending - held, waiting: counts.waiting + held, waitingFor };
}
