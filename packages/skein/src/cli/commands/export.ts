import type { Duplex, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import { stringify } from "csv-stringify";
import { type JobRow, jobRowLines } from "../../entry/jobs.ts";
import { type SizedRow, writeParquet } from "../../jobs/sink/parquet-file.ts";
import { TABLE_COLUMNS } from "../../jobs/sink/table.ts";
import { type ExportFormat, type ExportKind, exportKind } from "../args/export-format.ts";
import type { Where } from "../args/where.ts";
import { EXIT, type ExitCode, UsageError } from "../exit-code.ts";
import { checkNewFile, writeNewFile } from "../new-file.ts";
import { formatCount } from "../render/format-number.ts";

/** The flags of `skein export`, as they were parsed. */
export interface ExportFlags {
  readonly output?: string;
  readonly format?: ExportFormat;
  readonly where?: Where;
  readonly fields?: string;
  readonly formulas?: boolean;
  readonly force?: boolean;
}

/** The columns where nobody says which: all but the body. */
const STANDARD_FIELDS =
  "id,url,finalUrl,state,status,attempts,queued,waited,served,bytes,sha256,contentType,path,error,message";

/** `skein export`: the rows of an output as a table, or some of them as they are. */
export async function exportCommand(source: string, flags: ExportFlags): Promise<ExitCode> {
  const kind = exportKind(flags.output, flags.format);
  if (kind.format === "jsonl" && flags.fields !== undefined) {
    throw new UsageError(
      "--fields: a row of JSON lines is kept whole; choose --format csv or tsv for columns",
    );
  }
  const counter = { rows: 0 };
  const rows = wantedRows(source, flags.where ?? (() => true), counter);
  if (kind.format === "parquet") await writeColumns(rows, source, flags);
  else if (!(await write(exported(rows, kind, flags), source, flags))) return EXIT.file;
  process.stderr.write(`${formatCount(counter.rows)} ${counter.rows === 1 ? "row" : "rows"} exported\n`);
  return EXIT.ok;
}

type Rows = AsyncGenerator<{ row: JobRow; text: string }>;

async function* wantedRows(source: string, where: Where, counter: { rows: number }): Rows {
  for await (const found of jobRowLines(source)) {
    if (!where(found.row)) continue;
    counter.rows += 1;
    yield found;
  }
}

async function* linesOf(rows: Rows): AsyncGenerator<string> {
  for await (const { text } of rows) yield `${text}\n`;
}

async function writeColumns(rows: Rows, source: string, flags: ExportFlags): Promise<void> {
  const path = flags.output!;
  const names = fieldsOf(flags.fields ?? STANDARD_FIELDS).map(([name]) => name);
  checkNewFile({ path, source, force: flags.force === true });
  await writeParquet(sized(rows), path, names);
}

async function* sized(rows: Rows): AsyncGenerator<SizedRow> {
  for await (const { row, text } of rows) yield { row, characters: text.length };
}

/** What is written: chunks, and what makes of them what the file holds. */
interface Exported {
  readonly chunks: AsyncIterable<unknown>;
  readonly through: readonly Duplex[];
}

function exported(rows: Rows, { format, packing }: ExportKind, flags: ExportFlags): Exported {
  const packed = packing === undefined ? [] : [packing === "gzip" ? createGzip() : createZstdCompress()];
  if (format === "jsonl") return { chunks: linesOf(rows), through: packed };
  const { chunks, through } = tableOf(rows, format === "csv" ? "," : "\t", flags);
  return { chunks, through: [...through, ...packed] };
}

function tableOf(rows: Rows, delimiter: string, flags: ExportFlags): Exported {
  const fields = fieldsOf(flags.fields ?? STANDARD_FIELDS);
  const table = stringify({
    header: true,
    columns: fields.map(([name]) => name),
    delimiter,
    // What a server sends must not be run by the program that opens the table.
    escape_formulas: flags.formulas !== true,
  });
  const cells = async function* () {
    for await (const { row } of rows) yield fields.map(([, cellOf]) => cellOf(row) ?? "");
  };
  return { chunks: cells(), through: [table] };
}

function fieldsOf(list: string): [name: string, cellOf: (row: JobRow) => unknown][] {
  return list.split(",").map(part => {
    const name = part.trim();
    const cellOf = Object.hasOwn(TABLE_COLUMNS, name) ? TABLE_COLUMNS[name] : undefined;
    if (cellOf !== undefined) return [name, cellOf];
    throw new UsageError(
      `--fields: there is no field "${name}"; known: ${Object.keys(TABLE_COLUMNS).join(", ")}`,
    );
  });
}

/** @returns false where standard output takes no more, which has been told */
async function write(what: Exported, source: string, flags: ExportFlags): Promise<boolean> {
  const { output } = flags;
  if (output === undefined || output === "-") {
    return run(what, process.stdout, { end: false }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.syscall !== "write") throw error;
        // A reader that has seen enough is no failure.
        return error.code === "EPIPE";
      },
    );
  }
  checkNewFile({ path: output, source, force: flags.force === true });
  await writeNewFile(output, file => run(what, file));
  return true;
}

function run(
  { chunks, through }: Exported,
  target: Writable,
  options: { end?: boolean } = {},
): Promise<void> {
  return pipeline([chunks, ...through, target], options);
}
