import type { ProgressView } from "./progress-view.ts";

export const JSON_INTERVAL = 1_000;

/** The state of a job as one line of JSON, for programs; times in milliseconds, `null` where nothing is known yet. */
export function renderJson(view: ProgressView): string {
  return JSON.stringify({
    event: "progress",
    done: view.done,
    total: view.total ?? null,
    succeeded: view.succeeded,
    failed: view.failed,
    rejected: view.rejected,
    waiting: view.waiting,
    inFlight: view.inFlight,
    requestsPerSecond: round(view.requestsPerSecond),
    bytesPerSecond: Math.round(view.bytesPerSecond),
    p50Ms: view.p50 === undefined ? null : round(view.p50),
    p95Ms: view.p95 === undefined ? null : round(view.p95),
    etaMs: view.eta === undefined ? null : Math.round(view.eta),
    elapsedMs: Math.round(view.elapsed),
    topErrors: view.topErrors,
    held: view.held.map(({ waitMs, ...origin }) => ({
      ...origin,
      waitMs: waitMs === undefined ? null : Math.round(waitMs),
    })),
    draining: view.draining,
  });
}

/** What is said to a person, where a program reads along. */
export function renderJsonNote(message: string): string {
  return JSON.stringify({ event: "note", message });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
