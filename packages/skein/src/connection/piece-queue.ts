import { copyBytes } from "./slab.ts";

/** So many pieces are kept as they come: that is what most bodies have. */
const MOST_PIECES = 16;
/** Further ones are put together in blocks: a server that sends each byte by itself makes the reader pay for each. */
const BLOCK_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** Bytes that wait for their reader, first in, first out. */
export class PieceQueue {
  /** Bytes in all. */
  size = 0;
  #pieces: Uint8Array[] = [];
  /** Behind the pieces; the part that is filled. */
  #block = NOTHING;
  #filled = 0;

  /** Keeps a copy of `bytes[start, end)`. */
  push(bytes: Uint8Array, start: number, end: number): void {
    this.size += end - start;
    if (this.#filled === 0 && this.#pieces.length < MOST_PIECES) {
      this.#pieces.push(copyBytes(bytes, start, end));
      return;
    }
    const length = end - start;
    if (this.#block.length - this.#filled < length) {
      this.#closeBlock();
      this.#block = new Uint8Array(Math.max(length, BLOCK_BYTES));
    }
    this.#block.set(bytes.subarray(start, end), this.#filled);
    this.#filled += length;
  }

  /** The first piece. */
  shift(): Uint8Array | undefined {
    if (this.#pieces.length === 0) this.#closeBlock();
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.size -= piece.length;
    return piece;
  }

  /** All of them in one piece, which stays. */
  join(): Uint8Array {
    this.#closeBlock();
    if (this.#pieces.length > 1) this.#pieces = [joined(this.#pieces, this.size)];
    return this.#pieces.length === 0 ? NOTHING : this.#pieces[0]!;
  }

  /** All of them in one piece, which goes. */
  takeAll(): Uint8Array {
    const all = this.join();
    this.#pieces = [];
    this.size = 0;
    return all;
  }

  #closeBlock(): void {
    if (this.#filled === 0) return;
    this.#pieces.push(this.#block.subarray(0, this.#filled));
    this.#block = NOTHING;
    this.#filled = 0;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}
