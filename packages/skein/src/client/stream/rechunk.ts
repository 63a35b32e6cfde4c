/** The same bytes in chunks of exactly `size`; only the last one may be shorter. */
export async function* rechunk(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let open = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const taken = Math.min(size - filled, chunk.length - start);
      open.set(chunk.subarray(start, start + taken), filled);
      start += taken;
      filled += taken;
      if (filled < size) continue;
      yield open;
      open = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield open.subarray(0, filled);
}
