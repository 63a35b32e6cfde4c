import { JobError } from "../job-error.ts";
import type { JobCounts, JobPaths } from "../job-options.ts";
import { jobPaths } from "../job-paths.ts";
import { nodeFiles } from "../journal/files.ts";
import { Journal } from "../journal/journal.ts";
import type { ItemEnding, OpenedJournal } from "../journal/journal-protocol.ts";
import type { Semantics } from "../semantics.ts";
import { Tally } from "../tally.ts";

/** What the journal of a job says of it. */
export interface JobReport extends JobCounts {
  readonly paths: Pick<JobPaths, "output" | "rejects" | "journal">;
  /** The list's name. */
  readonly source: string;
  /** What the requests are made of beside the list: method, headers (credentials as hashes), the statuses that succeed. */
  readonly request: Semantics;
  /** Whether every line of the list had ended when the job was last run. */
  readonly complete: boolean;
  /** Every line of the list up to this one has ended; 0 where none has. */
  readonly endedTo: number;
}

/** A job that is only looked at; it has the lock until it is closed. */
export interface RecordedJob {
  readonly report: JobReport;
  readonly known: OpenedJournal;
  /** Makes the items that ended so pending again. */
  retry(endings: readonly ItemEnding[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens the journal of an output, which may also be named itself (`out.jsonl.job.db`).
 *
 * @throws JobError NO_JOURNAL where there is none, JOURNAL_LOCKED while the job runs, JOURNAL_CORRUPT
 */
export async function openRecordedJob(output: string): Promise<RecordedJob> {
  const { journal: path, ...paths } = jobPaths(output.replace(/\.job\.db$/, ""), "none");
  const missing = new JobError("NO_JOURNAL", `no job has written ${paths.output}: there is no ${path}`, {
    path,
  });
  if (!nodeFiles.exists(path)) throw missing;
  const journal = new Journal({ journal: path, ...paths });
  try {
    const known = await journal.call("open", { fresh: false });
    if (known.job === undefined) throw missing;
    const { output: written, rejects } = paths;
    return {
      report: reportOf(known, { output: written, rejects, journal: path }),
      known,
      retry: endings => journal.call("retry", { endings }),
      close: () => journal.close(),
    };
  } catch (error) {
    // What can fail here has failed before, and was told.
    await journal.close().catch(() => undefined);
    throw error;
  }
}

function reportOf(known: OpenedJournal, paths: JobReport["paths"]): JobReport {
  const { source, semantics } = known.job!;
  return {
    ...new Tally(known).counts,
    paths,
    source,
    request: JSON.parse(semantics) as Semantics,
    complete: known.complete,
    endedTo: known.position.line,
  };
}
