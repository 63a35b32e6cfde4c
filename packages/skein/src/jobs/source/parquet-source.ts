import zlib from "node:zlib";
import type { Compressors, parquetReadObjects } from "hyparquet";
import { JobError } from "../job-error.ts";
import type { ListBytes } from "./list-bytes.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";
import { TableColumns } from "./table-columns.ts";

/** Rows that are decoded, and held, at once. */
const ROWS_AT_ONCE = 50_000;
/** Items that are handed on at once. */
const BLOCK = 500;

/** Snappy and uncompressed pages are read without help. */
const COMPRESSORS: Compressors = {
  GZIP: bytes => zlib.gunzipSync(bytes),
  BROTLI: bytes => zlib.brotliDecompressSync(bytes),
  ZSTD: bytes => zlib.zstdDecompressSync(bytes),
};

/** A Parquet file, a row an item. Rows are counted from 1; where reading goes on is known from a row's number. */
export function parquetOf(list: ListBytes, urlColumn: string | number | undefined): Source {
  if (!list.seekable) {
    throw new JobError(
      "SOURCE_UNREADABLE",
      `can't read the list ${list.name}: Parquet is read from its end, so it must be a file`,
      { path: list.name },
    );
  }
  return {
    name: list.name,
    seekable: true,
    blocks: from => readBlocks(list.name, urlColumn, from),
    count: async () => Number((await openTable(list.name)).metadata.num_rows),
    fingerprint: () => list.fingerprint(),
  };
}

async function openTable(path: string) {
  // Loaded when a list is Parquet: most are not.
  const { asyncBufferFromFile, parquetMetadataAsync } = await import("hyparquet");
  try {
    const file = await asyncBufferFromFile(path);
    return { file, metadata: await parquetMetadataAsync(file) };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* readBlocks(
  path: string,
  urlColumn: string | number | undefined,
  from: SourcePosition,
): AsyncGenerator<readonly SourceLine[]> {
  const { file, metadata } = await openTable(path);
  const names = metadata.schema[0]!.num_children === 0 ? [] : topColumns(metadata.schema);
  const columns = new TableColumns(names, urlColumn, path);
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    for (let rowStart = Math.max(start, from.line); rowStart < end; rowStart += ROWS_AT_ONCE) {
      const rowEnd = Math.min(end, rowStart + ROWS_AT_ONCE);
      const rows = await readRows({ file, metadata, rowStart, rowEnd, compressors: COMPRESSORS }, path);
      for (let at = 0; at < rows.length; at += BLOCK) {
        yield rows.slice(at, at + BLOCK).map((row, index) => {
          const line = rowStart + at + index + 1;
          return columns.lineOf(
            names.map(name => jsonValue(row[name])),
            { line, nextOffset: line },
          );
        });
      }
    }
    start = end;
  }
}

type ReadOptions = Parameters<typeof parquetReadObjects>[0];

async function readRows(options: ReadOptions, path: string): Promise<Record<string, unknown>[]> {
  const { parquetReadObjects } = await import("hyparquet");
  try {
    return await parquetReadObjects(options);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The schema is a tree, written as a list: each node is followed by its children. */
function topColumns(schema: readonly { readonly name: string; readonly num_children?: number }[]): string[] {
  const names: string[] = [];
  for (let at = 1; at < schema.length; at = afterNode(schema, at)) names.push(schema[at]!.name);
  return names;
}

function afterNode(schema: readonly { readonly num_children?: number }[], at: number): number {
  let next = at + 1;
  for (let child = 0; child < (schema[at]!.num_children ?? 0); child++) next = afterNode(schema, next);
  return next;
}

/** As JSON can hold it: numbers that it can't hold exactly, and dates, as text; bytes as base64. */
function jsonValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonValue(part)]));
}

function unreadable(path: string, cause: unknown): JobError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "there is no such file" : `it is no Parquet, or is damaged: ${message}`;
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${path}: ${reason}`, { cause, path });
}
