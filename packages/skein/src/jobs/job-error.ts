/** What stopped a job. Failed requests are no errors of the job: they are rows of its output. */
export type JobErrorCode =
  /** The output exists and no journal says that a job wrote it; or it is no regular file. */
  | "OUTPUT_NOT_OURS"
  /** Something else stands where the job would write a file of its own: bad lines, its journal, the next of many outputs. */
  | "FILE_NOT_OURS"
  /** The output is shorter than what the journal knows was written, or gone. */
  | "OUTPUT_CHANGED"
  /** Another process runs this job; the message names its pid. */
  | "JOURNAL_LOCKED"
  /** There is no journal beside the output: no job has written it. */
  | "NO_JOURNAL"
  /** The journal is damaged. */
  | "JOURNAL_CORRUPT"
  /** A newer version has written the journal; it stays as it is, also for who begins anew. */
  | "JOURNAL_TOO_NEW"
  /** The same output was begun with other requests; the message names the difference. */
  | "JOB_DIFFERS"
  /** The rows of the output are a program's own: which of them are to leave it, nobody can tell. */
  | "ROWS_NOT_OURS"
  /** A refresh can't begin: the journal does not know enough. Or it is under way, and what was asked for has to wait. */
  | "CANNOT_REFRESH"
  /** The list can't be read. */
  | "SOURCE_UNREADABLE"
  /** The list holds neither an item nor a bad line. */
  | "EMPTY_LIST"
  /** A thread that sends (`threads`) could not start, or ended. */
  | "THREAD_FAILED"
  | "DISK_FULL"
  /** Another failure to read, write or sync a file. */
  | "FILE_FAILED";

export interface JobErrorDetails {
  cause?: unknown;
  /** Whether the same command may simply be given again, once what the message names is mended. */
  resumable?: boolean;
  path?: string;
}

/** Why a job could not start or had to stop. What it had recorded until then is safe in its journal. */
export class JobError extends Error {
  readonly code: JobErrorCode;
  readonly resumable: boolean;
  readonly path: string | undefined;

  constructor(code: JobErrorCode, message: string, details: JobErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.resumable = details.resumable ?? false;
    this.path = details.path;
  }
}
Object.defineProperty(JobError.prototype, "name", {
  value: "JobError",
  writable: true,
  configurable: true,
});
