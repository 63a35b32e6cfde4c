import { type JobReport, openRecordedJob } from "./recorded-job.ts";

/**
 * How far a job is, as its journal says; nothing is sent, and no list is needed.
 *
 * @param output the job's output, or its journal
 * @throws JobError (rejects with) NO_JOURNAL where no job has written the output, JOURNAL_LOCKED while the job runs
 * @example
 * const { complete, succeeded, failed } = await inspectJob("results.jsonl");
 */
export async function inspectJob(output: string): Promise<JobReport> {
  const job = await openRecordedJob(output);
  await job.close();
  return job.report;
}
