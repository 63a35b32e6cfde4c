import { type JobReport, readRecordedJob } from "./recorded-job.ts";

/**
 * How far a job is, as its journal says, also while it runs; nothing is sent, and no list is needed.
 *
 * @param output the job's output, or its journal
 * @throws JobError (rejects with) NO_JOURNAL where no job has written the output, JOURNAL_CORRUPT
 * @example
 * const { complete, succeeded, failed } = await inspectJob("results.jsonl");
 */
export async function inspectJob(output: string): Promise<JobReport> {
  const { report } = await readRecordedJob(output);
  return report;
}
