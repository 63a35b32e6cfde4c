import { type FileHandle, open, stat } from "node:fs/promises";
import { JobError } from "../job-error.ts";
import { LineReader } from "./line-reader.ts";
import { checkEncoding } from "./list-encoding.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";

const CHUNK_BYTES = 16 * 1024;
/** A larger list is not read to count it: its size and the lines of the part read give an estimate. */
const COUNTED_BYTES = 256 * 1024 * 1024;

/**
 * A list in a file, a line an item: a URL (https where it names no scheme), or a JSON object
 * `{id?, url, method?, headers?, body?|json?, meta?}`. Blank lines and lines that begin with `#` are left out; UTF-8,
 * with or without a byte order mark; LF or CRLF.
 */
export function linesSource(path: string): Source {
  return {
    name: path,
    seekable: true,
    blocks: from => readBlocks(path, from),
    count: () => countLines(path),
    fingerprint: () => fingerprint(path),
  };
}

async function* readBlocks(path: string, from: SourcePosition): AsyncGenerator<readonly SourceLine[]> {
  const reader = new LineReader(from);
  for await (const chunk of chunksOf(path, from.offset)) {
    const lines = reader.push(chunk);
    if (lines.length > 0) yield lines;
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}

async function* chunksOf(path: string, offset: number): AsyncGenerator<Buffer> {
  const file = await openList(path);
  try {
    for (let position = offset; ; ) {
      const { bytesRead, buffer } = await readChunk(file, position, path);
      if (bytesRead === 0) return;
      const chunk = buffer.subarray(0, bytesRead);
      if (position === 0) checkEncoding(chunk, path);
      position += bytesRead;
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

async function openList(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readChunk(file: FileHandle, position: number, path: string) {
  try {
    return await file.read(Buffer.allocUnsafeSlow(CHUNK_BYTES), 0, CHUNK_BYTES, position);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function fingerprint(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size}:${mtimeMs}:${ino}`;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function countLines(path: string): Promise<number> {
  const { size } = await stat(path).catch(cause => {
    throw unreadable(path, cause);
  });
  let counted = 0;
  let read = 0;
  let isLineStart = true;
  for await (const chunk of chunksOf(path, 0)) {
    ({ counted, isLineStart } = countIn(chunk, counted, isLineStart));
    read += chunk.length;
    if (read >= COUNTED_BYTES) return Math.round((counted * size) / read);
  }
  return counted;
}

/** Counts the lines that begin in a chunk and hold something. A line of spaces is taken for one that does. */
function countIn(chunk: Buffer, counted: number, isLineStart: boolean) {
  let lines = counted;
  let start = isLineStart ? 0 : chunk.indexOf(0x0a) + 1;
  if (start === 0 && !isLineStart) return { counted: lines, isLineStart: false };
  while (start < chunk.length) {
    const first = chunk[start];
    if (first !== 0x0a && first !== 0x0d && first !== 0x23 /* # */) lines++;
    const end = chunk.indexOf(0x0a, start);
    if (end < 0) return { counted: lines, isLineStart: false };
    start = end + 1;
  }
  return { counted: lines, isLineStart: true };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
};

function unreadable(path: string, cause: unknown): JobError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = REASONS[code ?? ""] ?? message;
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${path}: ${reason}`, {
    cause,
    path,
    resumable: true,
  });
}
