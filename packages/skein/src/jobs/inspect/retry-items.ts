import { rm } from "node:fs/promises";
import { ItemState } from "../journal/journal-protocol.ts";
import { changeRecordedJob } from "./recorded-job.ts";

/** How an item ended that may be run again. */
export interface JobEnding {
  readonly state: "failed" | "unknown";
  /** Of the last answer; null where there was none. */
  readonly status: number | null;
  /** The error's code. */
  readonly error: string | null;
}

/**
 * Makes items of a job pending again: their lines leave the output, and the next run of the job sends them. That is for what
 * failed, and for what is `unknown`, which may have reached its server already.
 *
 * @param output the job's output, or its journal
 * @param wanted which of them, by how they ended
 * @returns how many they are
 * @throws JobError (rejects with) NO_JOURNAL, JOURNAL_LOCKED while the job runs, OUTPUT_CHANGED
 * @example
 * await retryItems("results.jsonl", ({ status }) => status === 429);
 */
export async function retryItems(output: string, wanted: (ending: JobEnding) => boolean): Promise<number> {
  return changeRecordedJob(output, async ({ known, journal, report }) => {
    const endings = known.rowCounts.filter(({ state, status, error }) => {
      const name = NAMES.get(state);
      return name !== undefined && wanted({ state: name, status, error });
    });
    const count = await journal.call("retry", {
      endings: endings.map(({ state, status, error }) => ({ state, status, error })),
    });
    // A file that was made of all rows is made anew when they are complete again.
    const { rows, output: made } = report.paths;
    if (count > 0 && rows !== made) await rm(made, { force: true });
    return count;
  });
}

const NAMES: ReadonlyMap<number, JobEnding["state"]> = new Map([
  [ItemState.failed, "failed"],
  [ItemState.unknown, "unknown"],
]);
