import type { JobState } from "../protocol.ts";

/** Whether a job's figures change no more. */
export function isOver(state: JobState): boolean {
  return state === "complete" || state === "stopped" || state === "failed";
}
