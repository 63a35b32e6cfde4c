import { stringify } from "csv-stringify/sync";
import { JobError } from "../job-error.ts";
import { type CsvRecord, CsvRecords } from "../source/csv-records.ts";
import type { JobRow } from "./job-row.ts";

/** What can stand in a table, by the name of its column. */
export const TABLE_COLUMNS: Readonly<Record<string, (row: JobRow) => unknown>> = {
  id: row => row.id,
  url: row => row.url,
  finalUrl: row => row.finalUrl,
  state: row => row.state,
  status: row => row.status,
  attempts: row => row.attempts,
  queued: row => row.timings?.queued,
  waited: row => row.timings?.waited,
  served: row => row.timings?.served,
  bytes: row => row.bytes,
  sha256: row => row.sha256,
  contentType: row => row.contentType,
  body: row => row.body,
  bodyBase64: row => row.bodyBase64,
  path: row => row.path,
  error: row => row.error?.code,
  phase: row => row.error?.phase,
  message: row => row.error?.message,
  meta: row => (row.meta === undefined ? undefined : JSON.stringify(row.meta)),
};

/** The columns of an output that is a table: all but the body. */
const OUTPUT_COLUMNS = Object.keys(TABLE_COLUMNS).filter(name => name !== "body" && name !== "bodyBase64");

/** What csv-stringify puts a ' before, so that no spreadsheet runs what a server sent. */
const ESCAPED = /^'(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/;

/** Rows as a table; its header where it begins. */
export function tableText(rows: readonly JobRow[], delimiter: string, isBeginning: boolean): string {
  return stringify(
    rows.map(row => OUTPUT_COLUMNS.map(name => TABLE_COLUMNS[name]!(row) ?? "")),
    { header: isBeginning, columns: OUTPUT_COLUMNS, delimiter, escape_formulas: true },
  );
}

/** Takes the bytes of such a table as they come, and gives its rows. */
export class TableReader {
  readonly #records: CsvRecords;
  #isBeginning = true;

  constructor(delimiter: string) {
    this.#records = new CsvRecords(delimiter);
  }

  push(bytes: Uint8Array): JobRow[] {
    return this.#rowsOf(this.#records.push(bytes));
  }

  end(): JobRow[] {
    return this.#rowsOf(this.#records.end());
  }

  #rowsOf(records: readonly CsvRecord[]): JobRow[] {
    if (this.#records.failure !== undefined) throw this.#records.failure;
    const skipped = this.#isBeginning ? 1 : 0;
    if (records.length > 0) this.#isBeginning = false;
    return records.slice(skipped).map(({ cells }) => rowOf(cells));
  }
}

function rowOf(cells: readonly string[]): JobRow {
  const texts = cells.map(cell => cell.replace(ESCAPED, ""));
  const text = (name: string) => texts[OUTPUT_COLUMNS.indexOf(name)] || undefined;
  const number = (name: string) => (text(name) === undefined ? null : Number(text(name)));
  const id = text("id") ?? "";
  const path = text("path");
  const error = text("error");
  const meta = text("meta");
  return {
    v: 1,
    // A line's number; "007" is a name.
    id: /^(?:0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id,
    url: text("url") ?? "",
    finalUrl: text("finalUrl") ?? null,
    state: text("state") as JobRow["state"],
    status: number("status"),
    attempts: number("attempts"),
    timings:
      text("queued") === undefined
        ? null
        : { queued: number("queued")!, waited: number("waited")!, served: number("served")! },
    bytes: number("bytes"),
    sha256: text("sha256") ?? null,
    contentType: text("contentType") ?? null,
    ...(path === undefined ? undefined : { path }),
    ...(error === undefined
      ? undefined
      : { error: { code: error, phase: text("phase") ?? null, message: text("message") ?? "" } }),
    ...(meta === undefined ? undefined : { meta: metaOf(meta) }),
  };
}

function metaOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JobError("OUTPUT_CHANGED", "a row of the table has a meta that is no JSON", { cause });
  }
}
