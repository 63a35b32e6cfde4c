import { countLines } from "./count-lines.ts";
import { LineReader } from "./line-reader.ts";
import { fileBytes, type ListBytes } from "./list-bytes.ts";
import { checkEncoding } from "./list-encoding.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";

/** Items are made of so much at once: those of a whole chunk would grow old before they are sent. */
const SLICE_BYTES = 2 * 1024;

/**
 * A list in a file, a line an item: a URL (https where it names no scheme), or a JSON object
 * `{id?, url, method?, headers?, body?|json?, meta?}`. Blank lines and lines that begin with `#` are left out; UTF-8,
 * with or without a byte order mark; LF or CRLF; packed by gzip, zstd or brotli, or not at all.
 */
export function linesSource(path: string): Source {
  return linesOf(fileBytes(path));
}

export function linesOf(list: ListBytes): Source {
  return {
    name: list.name,
    seekable: list.seekable,
    blocks: from => readBlocks(list, from),
    count: async () => (list.seekable ? countLines(list) : undefined),
    fingerprint: () => list.fingerprint(),
  };
}

async function* readBlocks(list: ListBytes, from: SourcePosition): AsyncGenerator<readonly SourceLine[]> {
  const start = list.seekable ? from : { offset: 0, line: 0 };
  const reader = new LineReader(start);
  let isFirst = start.offset === 0;
  for await (const chunk of list.chunks(start.offset)) {
    if (isFirst) checkEncoding(chunk, list.name);
    isFirst = false;
    for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
      const lines = reader.push(chunk.subarray(start, start + SLICE_BYTES));
      if (lines.length > 0) yield lines;
    }
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}
