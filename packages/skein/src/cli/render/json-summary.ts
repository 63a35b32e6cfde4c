import type { ErrorTally, JobPaths, JobSummary } from "../../entry/jobs.ts";
import { redactUrls } from "../../entry/redaction.ts";

/** How a job ended, as one line of JSON for programs. */
export function renderJsonSummary(summary: JobSummary, paths: JobPaths): string {
  const { ended, done, doneBefore, succeeded, failed, unknown, rejected, unchanged, requests, bytes } =
    summary;
  return JSON.stringify({
    event: "summary",
    ended,
    done,
    doneBefore,
    succeeded,
    failed,
    unknown,
    rejected,
    ...(unchanged === 0 ? {} : { unchanged }),
    requests,
    bytes,
    elapsedMs: Math.round(summary.elapsedMs),
    byStatus: Object.fromEntries(summary.byStatus),
    byError: errorsWithoutSecrets(summary.byError),
    paths,
  });
}

/** Errors by code, as JSON has them. */
export function errorsWithoutSecrets(errors: JobSummary["byError"]): Record<string, ErrorTally> {
  return Object.fromEntries(Array.from(errors, withoutSecrets));
}

function withoutSecrets([code, { count, sample }]: readonly [string, ErrorTally]): [string, ErrorTally] {
  return [code, { count, sample: redactUrls(sample) }];
}
