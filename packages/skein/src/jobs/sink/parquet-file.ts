// A Parquet file has its directory at its end, so that it can't be gone on with. A job whose output is one keeps its rows
// in a log beside it (`out.parquet.rows.jsonl.zst`), committed as any other output is; when every item has ended, the
// file is made of the log, whole, and takes its name. So it is there when the job is complete, and not before.

import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileError } from "../journal/file-errors.ts";
import { nodeFiles } from "../journal/files.ts";
import type { JobRow } from "./job-row.ts";
import { TABLE_COLUMNS } from "./table.ts";

const ROWS_IN_A_GROUP = 100_000;
/** Bodies make rows large: a group is closed at this many characters too. */
const CHARACTERS_IN_A_GROUP = 64 * 1024 * 1024;

type ColumnType = "STRING" | "INT32" | "DOUBLE";
const TYPES: Readonly<Record<string, ColumnType>> = {
  status: "INT32",
  attempts: "INT32",
  queued: "DOUBLE",
  waited: "DOUBLE",
  served: "DOUBLE",
  bytes: "DOUBLE",
};
const NAMES = Object.keys(TABLE_COLUMNS);

/** Where the rows of a Parquet output are kept until it is made. */
export function rowLogPath(output: string): string {
  return `${output}.rows.jsonl.zst`;
}

/** A row, and about how much memory it takes. */
export interface SizedRow {
  readonly row: JobRow;
  readonly characters: number;
}

export async function* sizedRows(lines: AsyncIterable<Buffer>): AsyncGenerator<SizedRow> {
  for await (const line of lines)
    yield { row: JSON.parse(line.toString()) as JobRow, characters: line.length };
}

/**
 * Makes the file of rows. It is there when it is whole.
 *
 * @param columns their names, in their order; all where none are given
 * @throws JobError (rejects with) where it can't be written
 */
export async function writeParquet(
  rows: AsyncIterable<SizedRow>,
  path: string,
  columns: readonly string[] = NAMES,
): Promise<void> {
  const part = `${path}.part`;
  try {
    await writeGroups(rows, part, columns);
    await syncFile(part);
    await rename(part, path);
    nodeFiles.syncDirectory(dirname(path));
  } catch (error) {
    await rm(part, { force: true });
    throw fileError(error, `writing ${path}`, path);
  }
}

async function writeGroups(
  all: AsyncIterable<SizedRow>,
  part: string,
  columns: readonly string[],
): Promise<void> {
  // Loaded when an output is Parquet: most are not.
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const schema = schemaFromColumnData({ columnData: columnsOf(columns, []) });
  const writer = new ParquetWriter({ writer: fileWriter(part), schema });
  let rows: JobRow[] = [];
  let characters = 0;
  const writeRows = async () => {
    await writer.write({ columnData: columnsOf(columns, rows), rowGroupSize: rows.length });
    rows = [];
    characters = 0;
  };
  for await (const next of all) {
    rows.push(next.row);
    characters += next.characters;
    if (rows.length >= ROWS_IN_A_GROUP || characters >= CHARACTERS_IN_A_GROUP) await writeRows();
  }
  if (rows.length > 0) await writeRows();
  await writer.finish();
}

function columnsOf(names: readonly string[], rows: readonly JobRow[]) {
  return names.map(name => ({
    name,
    type: TYPES[name] ?? "STRING",
    nullable: true,
    data: rows.map(row => cellOf(name, row)),
  }));
}

function cellOf(name: string, row: JobRow): unknown {
  const cell = TABLE_COLUMNS[name]!(row) ?? null;
  return cell === null || TYPES[name] !== undefined ? cell : String(cell);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
