// `skein/jobs`: durable batches, which survive whatever kills the process.
export type { JobThreadParts, JobThreads } from "../jobs/engine/job-threads.ts";
export { inspectJob } from "../jobs/inspect/inspect-job.ts";
export { jobRowLines, jobRows } from "../jobs/inspect/job-rows.ts";
export type { JobReport } from "../jobs/inspect/recorded-job.ts";
export { type JobEnding, retryItems } from "../jobs/inspect/retry-items.ts";
export { type JobProblem, type JobVerification, verifyJob } from "../jobs/inspect/verify-job.ts";
export { Job } from "../jobs/job.ts";
export { JobError, type JobErrorCode, type JobErrorDetails } from "../jobs/job-error.ts";
export type {
  BodyMode,
  ErrorTally,
  JobClient,
  JobCounts,
  JobOptions,
  JobPaths,
  JobProgress,
  JobSummary,
  OpenItem,
} from "../jobs/job-options.ts";
export type { Semantics as JobSemantics } from "../jobs/semantics.ts";
export type { CustomRow, JobTask } from "../jobs/sink/custom-rows.ts";
export type { JobRow } from "../jobs/sink/job-row.ts";
export { OUTPUT_FORMATS, type OutputFormat } from "../jobs/sink/output-kind.ts";
export { argumentsSource } from "../jobs/source/arguments-source.ts";
export { canonicalUrl } from "../jobs/source/canonical-url.ts";
export type { DedupeMode } from "../jobs/source/deduped-source.ts";
export { itemsSource, type JobItem, type JobItemFields } from "../jobs/source/items-source.ts";
export { linesSource } from "../jobs/source/lines-source.ts";
export { LIST_FORMATS, type ListFormat } from "../jobs/source/list-format.ts";
export { type ListOptions, listSource, streamSource } from "../jobs/source/list-source.ts";
export type {
  JobRequest,
  RejectedLine,
  Source,
  SourceItem,
  SourceLine,
  SourcePosition,
} from "../jobs/source/source.ts";
