import type { TaskState } from "./task.ts";

/**
 * The transitions of a task. What is not in this table does not happen:
 *
 *   pending ─▶ running ─▶ succeeded | failed | cancelled
 *      ▲          ▼
 *      └─────── waiting ─▶ failed (given up) | succeeded (by a fallback) | cancelled
 *
 * A task that could not even be built fails while it is pending; one with the key of another ends there too, as that one.
 */
const TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  pending: ["running", "succeeded", "failed", "cancelled"],
  running: ["waiting", "succeeded", "failed", "cancelled"],
  waiting: ["pending", "succeeded", "failed", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export function isOpen(state: TaskState): boolean {
  return TRANSITIONS[state].length > 0;
}

export function checkTransition(from: TaskState, to: TaskState): void {
  if (!TRANSITIONS[from].includes(to)) throw new Error(`invariant: a task can't go from ${from} to ${to}`);
}
