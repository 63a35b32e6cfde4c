import type { JobOptions, JobPaths, JobProgress, JobSummary } from "./job-options.ts";

/**
 * A durable batch: each item of a list is fetched once and recorded once, whatever kills the process in between.
 */
export declare class Job {
  private constructor();

  /**
   * Opens a job: takes the lock of its journal, cuts the output back to what the journal knows, and compares with what
   * the journal says the job is.
   *
   * @throws JobError when the list can't be read or is empty, the output is not a job's, another process runs it, or
   * the job differs from the one that was begun
   */
  static open(options: JobOptions): Promise<Job>;

  readonly paths: JobPaths;
  /** What runs before this one had done; undefined for a new job. */
  readonly resumed: { readonly done: number; readonly rejected: number } | undefined;
  /** Every line of the list had ended when the job was opened: `run()` sends nothing. */
  readonly complete: boolean;
  readonly progress: JobProgress;

  /**
   * Runs the job to its end, or until it is drained or aborted. Once.
   *
   * @throws JobError when a file fails; the journal then stands where it was last in order, and the job resumes there
   */
  run(): Promise<JobSummary>;
  /** Starts nothing more and finishes what is in flight; `run()` then resolves. */
  drain(): void;
  /** Cancels what is in flight too; those items stay pending in the journal. */
  abort(): void;
  /** Gives the lock back. Aborts a run under way. Safe to call twice. */
  close(): Promise<void>;
}
