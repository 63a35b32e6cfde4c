import type { JobPaths, JobSummary } from "../../entry/jobs.ts";

/** How a job ended, as one line of JSON for programs. */
export function renderJsonSummary(summary: JobSummary, paths: JobPaths): string {
  const { ended, done, doneBefore, succeeded, failed, unknown, rejected, requests, bytes } = summary;
  return JSON.stringify({
    event: "summary",
    ended,
    done,
    doneBefore,
    succeeded,
    failed,
    unknown,
    rejected,
    requests,
    bytes,
    elapsedMs: Math.round(summary.elapsedMs),
    byStatus: Object.fromEntries(summary.byStatus),
    byError: Object.fromEntries(summary.byError),
    paths,
  });
}
