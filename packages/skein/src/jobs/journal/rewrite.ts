// Taking the failed items out of an output, so that they can be run again and still have one line each.
//
//   1. the other lines are written to a second file, which is synced
//   2. the journal notes that it stands ready, and its length            (from here on, it goes forward only)
//   3. it is renamed to the output
//   4. the journal forgets the failed items, and takes the new length
//
// Killed before 2, nothing has happened but a file that is removed. Killed after, `finishRewrite` goes on at 3 or 4.

import { dirname } from "node:path";
import { JobError } from "../job-error.ts";
import { fileError } from "./file-errors.ts";
import type { Files } from "./files.ts";
import type { JournalStore } from "./journal-store.ts";

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

export interface Rewrite {
  readonly files: Files;
  readonly store: JournalStore;
  readonly output: string;
}

function readyPath(output: string): string {
  return `${output}.rewrite`;
}

/** Steps 1 to 4. */
export function dropFailedLines(rewrite: Rewrite): void {
  const { files, store, output } = rewrite;
  if (store.failedCount === 0) return;
  const bytes = attempt(output, () => copyOtherLines(rewrite, store.sinkOffsets.outputBytes));
  store.announceRewrite(bytes);
  attempt(output, () => replaceOutput(files, output));
  store.finishRewrite();
}

/** Goes on where a process was killed. */
export function finishRewrite({ files, store, output }: Rewrite): void {
  const isAnnounced = store.sinkOffsets.rewriteBytes !== null;
  attempt(output, () => {
    if (!files.exists(readyPath(output))) return;
    if (isAnnounced) replaceOutput(files, output);
    else files.remove(readyPath(output));
  });
  if (isAnnounced) store.finishRewrite();
}

/** The job is begun anew: what stood ready is of no use. */
export function discardRewrite({ files, output }: Rewrite): void {
  attempt(output, () => files.remove(readyPath(output)));
}

function replaceOutput(files: Files, output: string): void {
  files.rename(readyPath(output), output);
  files.syncDirectory(dirname(output));
}

/** Writes what has not failed to the second file, and returns its length. */
function copyOtherLines({ files, store, output }: Rewrite, length: number): number {
  const source = files.open(output);
  const target = files.open(readyPath(output));
  try {
    files.truncate(target, 0);
    const copied = { bytes: 0, dropped: 0 };
    for (const lines of wholeLines(files, source, length)) copyKept({ files, target, lines, copied });
    if (copied.dropped !== store.failedCount) throw differs(output, copied.dropped, store.failedCount);
    files.sync(target);
    return copied.bytes;
  } finally {
    files.close(source);
    files.close(target);
  }
}

/** The file in blocks that end where a line ends. */
function* wholeLines(files: Files, file: number, length: number): Generator<Buffer> {
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

interface Copy {
  readonly files: Files;
  readonly target: number;
  readonly lines: Buffer;
  readonly copied: { bytes: number; dropped: number };
}

function copyKept({ files, target, lines, copied }: Copy): void {
  const kept: Buffer[] = [];
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, start) + 1;
    const line = lines.subarray(start, end);
    if (stateOf(line) === "failed") copied.dropped++;
    else kept.push(line);
    start = end;
  }
  const bytes = Buffer.concat(kept);
  files.write(target, bytes, copied.bytes);
  copied.bytes += bytes.length;
}

function stateOf(line: Buffer): unknown {
  try {
    return (JSON.parse(line.toString()) as { state?: unknown }).state;
  } catch (cause) {
    throw new JobError("OUTPUT_CHANGED", "a line of it is not what the job wrote", { cause });
  }
}

function differs(output: string, found: number, known: number): JobError {
  return new JobError(
    "OUTPUT_CHANGED",
    `${output} holds ${found} failed items, but the journal knows ${known}: it was edited since the job wrote it`,
    { path: output },
  );
}

function attempt<T>(output: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fileError(error, `taking the failed items out of ${output}`, output);
  }
}
