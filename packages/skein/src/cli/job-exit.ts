import type { JobErrorCode, JobSummary } from "../entry/jobs.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

/** What a job that could not start, or had to stop, answers to the shell. */
export const EXIT_OF_JOB_ERROR: Readonly<Record<JobErrorCode, ExitCode>> = {
  OUTPUT_NOT_OURS: EXIT.usage,
  FILE_NOT_OURS: EXIT.usage,
  JOURNAL_TOO_NEW: EXIT.usage,
  JOB_DIFFERS: EXIT.usage,
  EMPTY_LIST: EXIT.usage,
  ROWS_NOT_OURS: EXIT.usage,
  CANNOT_REFRESH: EXIT.usage,
  NO_JOURNAL: EXIT.usage,
  OUTPUT_CHANGED: EXIT.file,
  JOURNAL_CORRUPT: EXIT.file,
  SOURCE_UNREADABLE: EXIT.file,
  DISK_FULL: EXIT.file,
  FILE_FAILED: EXIT.file,
  THREAD_FAILED: EXIT.stopped,
  // Nothing is wrong with the files or the flags: it goes on when the other process has ended.
  JOURNAL_LOCKED: EXIT.stopped,
};

export function exitCodeOfSummary(
  summary: Pick<JobSummary, "ended" | "succeeded" | "done" | "rejected">,
  interrupted: boolean,
): ExitCode {
  if (summary.ended !== "complete") return interrupted ? EXIT.interrupted : EXIT.stopped;
  return summary.succeeded === summary.done && summary.rejected === 0 ? EXIT.ok : EXIT.someFailed;
}
