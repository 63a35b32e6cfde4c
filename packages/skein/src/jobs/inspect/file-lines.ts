import { createReadStream } from "node:fs";
import { fileError } from "../journal/file-errors.ts";

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * The lines of a file up to a length, without their line feeds; the last one as well where none ends it.
 *
 * @throws JobError where the file can't be read
 */
export async function* fileLines(path: string, length: number): AsyncGenerator<Buffer> {
  if (length === 0) return;
  let rest: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: length - 1, highWaterMark: CHUNK_BYTES })) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        const line = chunk.subarray(start, end);
        yield rest.length === 0 ? line : Buffer.concat([...rest, line]);
        rest = [];
        start = end + 1;
      }
      if (start < chunk.length) rest.push(chunk.subarray(start));
    }
  } catch (error) {
    throw fileError(error, `reading ${path}`, path);
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}
