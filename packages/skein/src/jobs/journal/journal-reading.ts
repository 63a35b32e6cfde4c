// What is read of a journal's database, by whoever has it open.
import type { DatabaseSync } from "node:sqlite";
import { FIRST_ADDED } from "../source/added-item.ts";
import { AddedLog } from "./added-log.ts";
import { countEndings } from "./count-endings.ts";
import {
  type ItemCount,
  ItemState,
  LISTED_WIDTH,
  type OpenedJournal,
  type Validators,
  validatorsOfText,
} from "./journal-protocol.ts";

/** All of it is of one moment, also while another process writes. */
export function readJournal(database: DatabaseSync): OpenedJournal {
  database.exec("BEGIN");
  try {
    return readNow(database);
  } finally {
    database.exec("COMMIT");
  }
}

function readNow(database: DatabaseSync): OpenedJournal {
  const one = (sql: string) => database.prepare(sql).get() as Record<string, number | string | null>;
  const job = one("SELECT * FROM job");
  const refreshing = (job.refresh_bytes ?? null) !== null;
  const counts = countsOf(database, { refreshing, refreshes: Number(job.refreshes ?? 0) });
  const samples = database.prepare("SELECT code, message FROM error_samples");
  const added = new AddedLog(database);
  return {
    job: {
      semantics: String(job.semantics),
      source: String(job.source),
      fingerprint: job.fingerprint as string | null,
    },
    complete: job.complete === 1,
    position: { offset: Number(job.source_offset), line: Number(job.source_line) },
    lastLine: Number(
      one(`SELECT coalesce(max(line), 0) AS line FROM items WHERE line < ${FIRST_ADDED}`).line,
    ),
    ...counts,
    refreshing,
    added: { count: added.count, isPending: added.count > 0 && added.list(0, 1).length > 0 },
    sizes: {
      output: Number(job.output_bytes),
      rejects: Number(job.rejects_bytes),
      ...(typeof job.shard_sizes === "string"
        ? { shards: JSON.parse(job.shard_sizes) as number[] }
        : undefined),
    },
    isRewriting: job.rewrite_bytes !== null,
    errorSamples: samples.all().map(row => [String(row.code), String(row.message)] as const),
  };
}

const COUNTS_OF_ITEMS = "SELECT state, status, error, count(*) AS count FROM items";

/** Of a refresh that is under way, only what it has asked for counts as done; and the rows are the former ones. */
function countsOf(
  database: DatabaseSync,
  { refreshing, refreshes }: { refreshing: boolean; refreshes: number },
): Pick<OpenedJournal, "counts" | "rowCounts"> {
  const all = (sql: string) => database.prepare(sql).all() as unknown as ItemCount[];
  if (refreshes === 0) {
    const counts = countEndings(database);
    return { counts, rowCounts: counts };
  }
  const notAsked = `items.state IN (${ItemState.sent}, ${ItemState.rejected})`;
  const counts = database
    .prepare(
      `SELECT coalesce(refreshed.state, items.state) AS ended, coalesce(refreshed.keeps, 0) AS keeps, count(*) AS count,
         CASE WHEN refreshed.line IS NULL THEN items.status ELSE refreshed.status END AS answer,
         CASE WHEN refreshed.line IS NULL THEN items.error ELSE refreshed.error END AS code
       FROM items LEFT JOIN refreshed USING (line)
       ${refreshing ? `WHERE refreshed.line IS NOT NULL OR ${notAsked}` : ""}
       GROUP BY ended, keeps, answer, code`,
    )
    .all() as Record<string, number | string | null>[];
  const rows = refreshing ? `WHERE ${notAsked} OR line IN (SELECT line FROM former)` : "";
  return {
    counts: counts.map(({ ended, answer, code, count, keeps }) => ({
      ...{ state: Number(ended), status: answer as number | null, error: code as string | null },
      ...{ count: Number(count), keeps: keeps === 1 },
    })),
    rowCounts: all(`${COUNTS_OF_ITEMS} ${rows} GROUP BY state, status, error`),
  };
}

/** Whether a refresh has still to ask for an item. */
const IS_DUE = `state NOT IN (${ItemState.sent}, ${ItemState.rejected})
  AND NOT EXISTS (SELECT 1 FROM refreshed WHERE refreshed.line = items.line)`;

/** Rows of the list from a line on: line, key and state of each, and whether a refresh has still to ask for it. */
export function listItems(database: DatabaseSync, fromLine: number, limit: number): Float64Array {
  // A reader may have a journal of an older version before it, which knows of no refresh.
  const { refresh_bytes: refreshBytes = null } = database.prepare("SELECT * FROM job").get() ?? {};
  const due = refreshBytes === null ? 0 : IS_DUE;
  const rows = database
    .prepare(
      `SELECT line, key, state, status, ${due} AS due FROM items WHERE line >= ? AND line < ? ORDER BY line LIMIT ?`,
    )
    .all(fromLine, FIRST_ADDED, limit);
  const listed = new Float64Array(rows.length * LISTED_WIDTH);
  rows.forEach((row, index) => {
    const { line, key, state, status, due } = row;
    listed.set([line, key, state, status, due].map(Number), index * LISTED_WIDTH);
  });
  return listed;
}

/** What former answers can be asked about with, of the lines in a range that have any. */
export function listValidators(
  database: DatabaseSync,
  { fromLine, toLine }: { readonly fromLine: number; readonly toLine: number },
): ReadonlyMap<number, Validators> {
  const rows = database
    .prepare("SELECT line, validators FROM validators WHERE line BETWEEN ? AND ?")
    .all(fromLine, toLine);
  return new Map(rows.map(({ line, validators }) => [Number(line), validatorsOfText(String(validators))]));
}
