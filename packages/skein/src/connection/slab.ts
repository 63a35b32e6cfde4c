/**
 * Small pieces are copied next to each other into slabs. An array of its own for each costs several times more: up to 64
 * bytes the engine keeps it in its heap, and whoever decodes it pays for moving it out; above, it is a malloc each.
 * A slab lives as long as any piece of it, so only small pieces go there.
 */
const SLAB_BYTES = 16 * 1024;
const LARGEST_PIECE = 2 * 1024;

let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/** A copy of `bytes[start, end)` that is its taker's own. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > LARGEST_PIECE) return Uint8Array.prototype.slice.call(bytes, start, end);
  if (used + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const piece = slab.subarray(used, used + length);
  piece.set(bytes.subarray(start, end));
  used += length;
  return piece;
}
