import { createReadStream } from "node:fs";
import { fileError } from "../journal/file-errors.ts";
import { outputCodec } from "../sink/output-codec.ts";
import type { OutputKind } from "../sink/output-kind.ts";
import { fileLines } from "./file-lines.ts";

const CHUNK_BYTES = 1024 * 1024;

/** Which part of an output is read. */
export interface OutputPart {
  readonly path: string;
  readonly length: number;
  /** Whether it surely ends with a row. Of lines of JSON that can be seen; of others this is not asked. */
  readonly isWhole: boolean;
}

/**
 * The rows of an output of any kind, as lines of JSON without their line feeds.
 *
 * @throws JobError where the file can't be read, or is not what a job wrote
 */
export async function* outputLines(kind: OutputKind, part: OutputPart): AsyncGenerator<Buffer> {
  const { path, length, isWhole } = part;
  const codec = outputCodec(kind);
  if (kind.format === "none" || length === 0) return;
  if (codec === undefined) {
    yield* isWhole ? fileLines(path, length) : wholeLines(path, length);
    return;
  }
  const reader = codec.reader(path, false);
  try {
    for await (const chunk of createReadStream(path, { end: length - 1, highWaterMark: CHUNK_BYTES })) {
      for (const line of reader.push(chunk)) yield Buffer.from(line);
    }
    for (const line of reader.end()) yield Buffer.from(line);
  } catch (error) {
    throw fileError(error, `reading ${path}`, path);
  }
}

/** The last line may have no line feed: it is being written, or was left by a run that was killed. */
async function* wholeLines(path: string, length: number): AsyncGenerator<Buffer> {
  let read = 0;
  for await (const line of fileLines(path, length)) {
    read += line.length + 1;
    if (read <= length) yield line;
  }
}
