import { existsSync } from "node:fs";
import { jobPaths } from "../job-paths.ts";
import { Journal } from "../journal/journal.ts";
import { ItemState } from "../journal/journal-protocol.ts";
import { RecordedRows } from "../journal/recorded-rows.ts";
import { type DedupeMode, dedupedSource } from "../source/deduped-source.ts";
import { KnownLines } from "../source/known-list.ts";
import type { Source, SourceLine } from "../source/source.ts";

export interface PendingLinesOptions {
  readonly source: Source;
  /** Of the job; undefined where there is none as yet. */
  readonly output: string | undefined;
  readonly dedupe?: DedupeMode | undefined;
  /** The job would be begun anew, or would ask for all of it again. */
  readonly all?: boolean;
  /** What failed would be sent once more. */
  readonly failed?: boolean;
}

/**
 * The lines of a list that a job would send or reject, as its journal stands; nothing is changed, and no lock is taken.
 *
 * @throws JobError (rejects with) JOB_DIFFERS, JOURNAL_CORRUPT, SOURCE_UNREADABLE
 */
export async function* pendingLines(options: PendingLinesOptions): AsyncGenerator<SourceLine> {
  const { output, dedupe, all = false } = options;
  const source = dedupe === undefined ? options.source : dedupedSource(options.source, dedupe);
  const start = { offset: 0, line: 0 };
  const { journal: path, ...paths } = jobPaths(output ?? "", "none");
  if (output === undefined || all || !existsSync(path)) {
    for await (const block of source.blocks(start)) yield* block;
    return;
  }
  const journal = new Journal({ journal: path, ...paths, output: paths.rows }, { readOnly: true });
  try {
    const { lastLine } = await journal.call("open", { fresh: false });
    const known = new KnownLines(new RecordedRows(journal, 1, lastLine), source.name);
    for await (const block of source.blocks(start)) yield* await pendingOf(block, known, options);
  } finally {
    await journal.close();
  }
}

async function pendingOf(
  block: readonly SourceLine[],
  known: KnownLines,
  { failed = false }: PendingLinesOptions,
): Promise<SourceLine[]> {
  const pending: SourceLine[] = [];
  for (const line of block) {
    const state = await known.stateOf(line);
    if (state === undefined || (failed && state === ItemState.failed)) pending.push(line);
  }
  return pending;
}
