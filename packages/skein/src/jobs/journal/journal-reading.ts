// What is read of a journal's database, by whoever has it open.
import type { DatabaseSync } from "node:sqlite";
import { FIRST_ADDED } from "../source/added-item.ts";
import { AddedLog } from "./added-log.ts";
import { countEndings } from "./count-endings.ts";
import { LISTED_WIDTH, type OpenedJournal } from "./journal-protocol.ts";

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
    counts: countEndings(database),
    added: { count: added.count, isPending: added.count > 0 && added.list(0, 1).length > 0 },
    sizes: { output: Number(job.output_bytes), rejects: Number(job.rejects_bytes) },
    isRewriting: job.rewrite_bytes !== null,
    errorSamples: samples.all().map(row => [String(row.code), String(row.message)] as const),
  };
}

/** Rows of the list from a line on: line, key and state of each. */
export function listItems(database: DatabaseSync, fromLine: number, limit: number): Float64Array {
  const rows = database
    .prepare("SELECT line, key, state FROM items WHERE line >= ? AND line < ? ORDER BY line LIMIT ?")
    .all(fromLine, FIRST_ADDED, limit);
  const listed = new Float64Array(rows.length * LISTED_WIDTH);
  rows.forEach((row, index) => {
    listed.set([Number(row.line), Number(row.key), Number(row.state)], index * LISTED_WIDTH);
  });
  return listed;
}
