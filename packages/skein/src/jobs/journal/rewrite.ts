// Taking items out of an output, mostly those that failed, so that they can be run again and still have one line each.
//
//   1. the other lines are written to a second file, which is synced
//   2. the journal notes that it stands ready, its length, and which items leave    (from here on, it goes forward only)
//   3. it is renamed to the output
//   4. the journal forgets those items, and takes the new length
//
// Killed before 2, nothing has happened but a file that is removed. Killed after, `finishRewrite` goes on at 3 or 4.

import { dirname } from "node:path";
import { JobError } from "../job-error.ts";
import { type OutputCodec, type OutputReader, outputCodec } from "../sink/output-codec.ts";
import type { OutputKind } from "../sink/output-kind.ts";
import { fileError } from "./file-errors.ts";
import type { Files } from "./files.ts";
import { type ItemEnding, ItemState } from "./journal-protocol.ts";
import type { JournalStore } from "./journal-store.ts";
import { pieceBytes, shardSizes } from "./sharded-files.ts";

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

export interface Rewrite {
  readonly files: Files;
  readonly store: JournalStore;
  readonly output: string;
  kind(): OutputKind;
}

/** The output that is to take the place of the present one. */
export function readyPath(output: string): string {
  return `${output}.rewrite`;
}

/** Steps 1 to 4, for the items that ended so. */
export function dropLines(rewrite: Rewrite, leaving: readonly ItemEnding[]): void {
  const { files, store, output } = rewrite;
  const hasFile = rewrite.kind().format !== "none";
  const bytes = hasFile ? attempt(output, () => copyOtherLines(rewrite, leaving)) : 0;
  store.announceRewrite(bytes, leaving);
  if (hasFile) attempt(output, () => replaceOutput(files, output));
  store.finishRewrite(shardSizes(files));
}

/** Goes on where a process was killed. */
export function finishRewrite({ files, store, output }: Rewrite): void {
  const isAnnounced = store.sinkOffsets.rewriteBytes !== null;
  attempt(output, () => {
    if (!files.exists(readyPath(output))) return;
    if (isAnnounced) replaceOutput(files, output);
    else files.remove(readyPath(output));
  });
  if (isAnnounced) store.finishRewrite(shardSizes(files));
}

/** The job is begun anew: what stood ready is of no use. */
export function discardRewrite({ files, output }: Rewrite): void {
  attempt(output, () => files.remove(readyPath(output)));
}

function replaceOutput(files: Files, output: string): void {
  files.rename(readyPath(output), output);
  files.syncDirectory(dirname(output));
}

/** Writes the lines that stay to the second file, and returns its length. */
function copyOtherLines(rewrite: Rewrite, leaving: readonly ItemEnding[]): number {
  const { files, store, output } = rewrite;
  const length = store.sinkOffsets.outputBytes;
  const source = files.open(output);
  const target = files.open(readyPath(output));
  try {
    files.truncate(target, 0);
    const copied = { bytes: 0, dropped: 0 };
    const codec = outputCodec(rewrite.kind());
    for (const lines of codec === undefined
      ? blocksOf(files, source, length)
      : decodedBlocks({ files, file: source, length }, () => codec.reader(output, true)))
      copyKept({ files, target, lines, copied, leaving, codec });
    const known = store.countOf(leaving);
    if (copied.dropped !== known) throw differs(output, copied.dropped, known);
    files.sync(target);
    return copied.bytes;
  } finally {
    files.close(source);
    files.close(target);
  }
}

/** The file in blocks that end where a line ends. */
export function* blocksOf(files: Files, file: number, length: number): Generator<Buffer> {
  let rest = Buffer.alloc(0);
  for (let position = 0; position < length; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length - position));
    const read = files.read(file, chunk, position);
    if (read === 0) return;
    position += read;
    const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    rest = bytes.subarray(end);
    if (end > 0) yield bytes.subarray(0, end);
  }
}

/** The rows of a file of another kind, as lines of JSON, in blocks. */
export function* decodedBlocks(
  { files, file, length }: { files: Files; file: number; length: number },
  readerOf: () => OutputReader,
): Generator<Buffer> {
  let position = 0;
  for (const part of files.parts(file, length)) {
    const reader = readerOf();
    const end = position + part;
    while (position < end) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position));
      const read = files.read(file, chunk, position);
      if (read === 0) break;
      position += read;
      yield linesBuffer(reader.push(chunk.subarray(0, read)));
    }
    yield linesBuffer(reader.end());
  }
}

function linesBuffer(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map(line => `${line}\n`).join(""));
}

interface Copy {
  readonly files: Files;
  readonly target: number;
  readonly lines: Buffer;
  readonly copied: { bytes: number; dropped: number };
  readonly leaving: readonly ItemEnding[];
  readonly codec: OutputCodec | undefined;
}

function copyKept({ files, target, lines, copied, leaving, codec }: Copy): void {
  const kept: Buffer[] = [];
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, start) + 1;
    const line = lines.subarray(start, end);
    if (endedSo(line, leaving)) copied.dropped++;
    else kept.push(line);
    start = end;
  }
  if (kept.length === 0) return;
  for (const piece of piecesOf(Buffer.concat(kept), pieceBytes(files))) {
    const bytes =
      codec === undefined ? piece : codec.encode(piece.toString(), files.offsetIn(target, copied.bytes));
    files.write(target, bytes, copied.bytes);
    copied.bytes += bytes.length;
  }
}

/** Lines in pieces of at most so many bytes; a line that has more stands alone. */
export function* piecesOf(lines: Buffer, most: number): Generator<Buffer> {
  for (let start = 0; start < lines.length; ) {
    let end = lines.length;
    if (end - start > most) {
      end = lines.lastIndexOf(LINE_FEED, start + most - 1) + 1;
      if (end <= start) end = lines.indexOf(LINE_FEED, start) + 1;
    }
    yield lines.subarray(start, end);
    start = end;
  }
}

interface Row {
  readonly state?: unknown;
  readonly status?: unknown;
  readonly error?: { readonly code?: unknown };
}

/** Whether the journal has the row's item as one of those. */
function endedSo(line: Buffer, endings: readonly ItemEnding[]): boolean {
  const row = parsed(line);
  return endings.some(
    ({ state, status, error }) =>
      ItemState[row.state as "failed"] === state &&
      (status === undefined || status === (row.status ?? null)) &&
      (error === undefined || error === (row.error?.code ?? null)),
  );
}

function parsed(line: Buffer): Row {
  try {
    return JSON.parse(line.toString()) as Row;
  } catch (cause) {
    throw new JobError("OUTPUT_CHANGED", "a line of it is not what the job wrote", { cause });
  }
}

function differs(output: string, found: number, known: number): JobError {
  return new JobError(
    "OUTPUT_CHANGED",
    `${output} holds ${found} of the items that are to be run again, but the journal knows ${known}: it was edited since the job wrote it`,
    { path: output },
  );
}

function attempt<T>(output: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fileError(error, `taking items out of ${output}`, output);
  }
}
