import { JobError } from "../job-error.ts";
import type { JobCounts, JobPaths } from "../job-options.ts";
import { jobPaths } from "../job-paths.ts";
import { nodeFiles } from "../journal/files.ts";
import { Journal } from "../journal/journal.ts";
import type { OpenedJournal } from "../journal/journal-protocol.ts";
import type { Semantics } from "../semantics.ts";
import { Tally } from "../tally.ts";

/** What the journal of a job says of it. */
export interface JobReport extends JobCounts {
  readonly paths: Pick<JobPaths, "output" | "rows" | "rejects" | "journal">;
  /** The list's name. */
  readonly source: string;
  /** What the requests are made of beside the list: method, headers (credentials as hashes), the statuses that succeed. */
  readonly request: Semantics;
  /** Whether every line of the list has ended; of a job that runs, it has not. */
  readonly complete: boolean;
  /** Its items are being asked for again, and the counts are of those that have been; the output is the former one as yet. */
  readonly refreshing: boolean;
  /** Whether a process is at it, this one included. */
  readonly running: boolean;
  /** Every line of the list up to this one has ended; 0 where none has. */
  readonly endedTo: number;
}

/** A job that is looked at. */
export interface RecordedJob {
  readonly report: JobReport;
  readonly known: OpenedJournal;
  readonly journal: Journal;
}

/**
 * What the journal of an output says, which may also be named itself (`out.jsonl.job.db`); a job may run meanwhile.
 *
 * @param thoroughly checks all of the journal first, also what only those who look at a job ask for
 * @throws JobError NO_JOURNAL where there is none, JOURNAL_CORRUPT
 */
export async function readRecordedJob(
  output: string,
  { thoroughly = false } = {},
): Promise<Pick<RecordedJob, "report" | "known">> {
  const job = await openRecordedJob(output);
  try {
    if (thoroughly) await job.journal.call("check", undefined);
  } finally {
    await job.journal.close();
  }
  return job;
}

/**
 * The same, to be asked further questions; whoever opens it closes its journal.
 *
 * @throws JobError NO_JOURNAL, JOURNAL_CORRUPT
 */
export async function openRecordedJob(output: string): Promise<RecordedJob> {
  const job = await openJournal(output, { readOnly: true });
  if (!job.known.isRewriting) return job;
  // What a killed process has begun is to be finished first; whoever is at it now is refused, as by any other writer.
  await job.journal.close();
  await changeRecordedJob(output, finished => finished);
  return openJournal(output, { readOnly: true });
}

/**
 * The same, with the lock of the job as long as `act` runs.
 *
 * @throws JobError also JOURNAL_LOCKED, while a job runs
 */
export async function changeRecordedJob<T>(
  output: string,
  act: (job: RecordedJob) => T | Promise<T>,
): Promise<T> {
  const job = await openJournal(output, { readOnly: false });
  try {
    return await act(job);
  } finally {
    await job.journal.close();
  }
}

async function openJournal(output: string, options: { readonly readOnly: boolean }): Promise<RecordedJob> {
  const { journal: path, ...paths } = jobPaths(output.replace(/\.job\.db$/, ""), "none");
  const missing = new JobError("NO_JOURNAL", `no job has written ${paths.output}: there is no ${path}`, {
    path,
  });
  if (!nodeFiles.exists(path)) throw missing;
  const journal = new Journal({ journal: path, ...paths, output: paths.rows }, options);
  try {
    const known = await journal.call("open", { fresh: false });
    if (known.job === undefined) throw missing;
    const { output: written, rows, rejects } = paths;
    const running = options.readOnly && (await journal.call("isWritten", undefined));
    const report = reportOf(known, { output: written, rows, rejects, journal: path }, running);
    return { report, known, journal };
  } catch (error) {
    // What can fail here has failed before, and was told.
    await journal.close().catch(() => undefined);
    throw error;
  }
}

function reportOf(known: OpenedJournal, paths: JobReport["paths"], running: boolean): JobReport {
  const { source, semantics } = known.job!;
  return {
    ...new Tally(known).counts,
    paths,
    source,
    request: JSON.parse(semantics) as Semantics,
    complete: known.complete,
    refreshing: known.refreshing,
    running,
    endedTo: known.position.line,
  };
}
