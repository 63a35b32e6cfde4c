const LF = 0x0a;

/** Cuts bytes that come in chunks at each LF; each chunk is looked at once. */
export class ByteLines {
  #open: Uint8Array[] = [];
  /** Bytes of the line that has not ended. */
  openLength = 0;

  /** The lines that end in this chunk, without their LF. */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const last = chunk.subarray(start, end);
      start = end + 1;
      yield this.#open.length === 0 ? last : this.#take(last);
    }
    if (start < chunk.length) {
      this.#open.push(start === 0 ? chunk : chunk.subarray(start));
      this.openLength += chunk.length - start;
    }
  }

  /** The last line, where the bytes do not end with LF. */
  end(): Uint8Array | undefined {
    return this.openLength === 0 ? undefined : this.#take();
  }

  #take(last?: Uint8Array): Uint8Array {
    const line = new Uint8Array(this.openLength + (last?.length ?? 0));
    let offset = 0;
    for (const piece of this.#open) {
      line.set(piece, offset);
      offset += piece.length;
    }
    if (last !== undefined) line.set(last, offset);
    this.#open = [];
    this.openLength = 0;
    return line;
  }
}
