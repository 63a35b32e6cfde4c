import { JobError } from "../job-error.ts";
import { countLines } from "./count-lines.ts";
import { type CsvRecord, CsvRecords } from "./csv-records.ts";
import type { ListBytes } from "./list-bytes.ts";
import { checkEncoding } from "./list-encoding.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";
import { TableColumns } from "./table-columns.ts";

export interface CsvOptions {
  readonly delimiter: "," | "\t";
  readonly urlColumn: string | number | undefined;
}

/**
 * A table, a row an item. Rows are counted as lines are, from 1, the header too; a row may have line breaks in it, so that
 * an editor counts otherwise. Empty lines are left out, and not counted.
 */
export function csvOf(list: ListBytes, options: CsvOptions): Source {
  return {
    name: list.name,
    seekable: list.seekable,
    blocks: from => readBlocks(list, options, list.seekable ? from : { offset: 0, line: 0 }),
    count: async () => (list.seekable ? countRows(list) : undefined),
    fingerprint: () => list.fingerprint(),
  };
}

/** Of a table with a header; one row too many else, which a bar of progress does not show. */
async function countRows(list: ListBytes): Promise<number | undefined> {
  const lines = await countLines(list);
  return lines === undefined ? undefined : Math.max(0, lines - 1);
}

async function* readBlocks(
  list: ListBytes,
  options: CsvOptions,
  from: SourcePosition,
): AsyncGenerator<readonly SourceLine[]> {
  let columns = from.offset === 0 ? undefined : await columnsOf(list, options);
  let { line } = from;
  for await (const records of readRecords(list, options, from.offset)) {
    const lines: SourceLine[] = [];
    for (const { cells, end } of records) {
      line++;
      const isFirst = columns === undefined;
      columns ??= columnsBy(cells, options.urlColumn, list.name);
      if (isFirst && isHeader(cells, options.urlColumn)) continue;
      lines.push(columns.lineOf(cells, { line, nextOffset: from.offset + end }));
    }
    if (lines.length > 0) yield lines;
  }
}

/** The header, where reading goes on behind it. */
async function columnsOf(list: ListBytes, options: CsvOptions): Promise<TableColumns> {
  for await (const [first] of readRecords(list, options, 0)) {
    if (first !== undefined) return columnsBy(first.cells, options.urlColumn, list.name);
  }
  throw new JobError("EMPTY_LIST", `the list ${list.name} is empty: it has no header`, { path: list.name });
}

const ABSOLUTE = /^https?:\/\//i;

/** The first row is the header, unless the column of URLs is given by its number and this row has a URL there. */
function isHeader(first: readonly string[], urlColumn: CsvOptions["urlColumn"]): boolean {
  return !(typeof urlColumn === "number" && ABSOLUTE.test(first[urlColumn - 1]?.trim() ?? ""));
}

/** Without a header, columns are called by their numbers. */
function columnsBy(first: readonly string[], urlColumn: CsvOptions["urlColumn"], list: string): TableColumns {
  const names = isHeader(first, urlColumn) ? first : first.map((_, index) => `${index + 1}`);
  return new TableColumns(names, urlColumn, list);
}

async function* readRecords(
  list: ListBytes,
  { delimiter }: CsvOptions,
  offset: number,
): AsyncGenerator<readonly CsvRecord[]> {
  const reader = new CsvRecords(delimiter);
  let isFirst = offset === 0;
  for await (const chunk of list.chunks(offset)) {
    if (isFirst) checkEncoding(chunk, list.name);
    isFirst = false;
    const records = reader.push(chunk);
    if (records.length > 0) yield records;
    if (reader.failure !== undefined) throw broken(list.name, reader.failure);
  }
  const last = reader.end();
  if (last.length > 0) yield last;
  if (reader.failure !== undefined) throw broken(list.name, reader.failure);
}

function broken(name: string, cause: Error & { readonly lines?: number }): JobError {
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${name}: ${cause.message}`, {
    cause,
    path: name,
  });
}
