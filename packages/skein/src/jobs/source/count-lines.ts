import type { ListBytes } from "./list-bytes.ts";

/** A larger list is not read to count it: its size and the lines of the part read give an estimate. */
const COUNTED_BYTES = 256 * 1024 * 1024;

/** About how many lines hold something; undefined where that would mean to unpack very much. */
export async function countLines(list: ListBytes): Promise<number | undefined> {
  const size = await list.size();
  let counted = 0;
  let read = 0;
  let isLineStart = true;
  for await (const chunk of list.chunks(0)) {
    ({ counted, isLineStart } = countIn(chunk, counted, isLineStart));
    read += chunk.length;
    if (read >= COUNTED_BYTES) return size === undefined ? undefined : Math.round((counted * size) / read);
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
