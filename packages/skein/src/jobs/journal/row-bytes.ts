/** Holds the rows of a group as they mostly are. */
const LEAST_BYTES = 512 * 1024;
/** Holds those with large bodies; what is larger still is rare. */
const MOST_KEPT_BYTES = 8 * 1024 * 1024;
/** So many are kept for the next groups. */
const MOST_KEPT = 4;
/** A UTF-16 unit takes three bytes at most. */
const MOST_BYTES_A_UNIT = 3;

/**
 * Rows of an output as bytes, which threads share: as texts they would live until their group is sent off, long enough
 * for the garbage collector to move each of them twice.
 */
export class RowBytes {
  readonly #free: Buffer[] = [];
  #buffer: Buffer | undefined;
  #used = 0;

  write(line: string): void {
    const buffer = this.#roomFor(line.length * MOST_BYTES_A_UNIT);
    this.#used += buffer.write(line, this.#used);
  }

  /** What has been written; to be given back when it is no longer needed. */
  take(): Uint8Array {
    const taken = this.#buffer?.subarray(0, this.#used) ?? new Uint8Array();
    this.#buffer = undefined;
    this.#used = 0;
    return taken;
  }

  giveBack({ buffer }: Uint8Array): void {
    const isUsual = buffer.byteLength >= LEAST_BYTES && buffer.byteLength <= MOST_KEPT_BYTES;
    if (isUsual && this.#free.length < MOST_KEPT) this.#free.push(Buffer.from(buffer));
  }

  #roomFor(bytes: number): Buffer {
    const needed = this.#used + bytes;
    const buffer = this.#buffer;
    if (buffer !== undefined && needed <= buffer.length) return buffer;
    const larger = this.#takeFree(needed) ?? sharedBuffer(Math.max(LEAST_BYTES, 2 * needed));
    buffer?.copy(larger, 0, 0, this.#used);
    if (buffer !== undefined) this.giveBack(buffer);
    this.#buffer = larger;
    return larger;
  }

  #takeFree(bytes: number): Buffer | undefined {
    const at = this.#free.findIndex(({ length }) => length >= bytes);
    return at < 0 ? undefined : this.#free.splice(at, 1)[0];
  }
}

function sharedBuffer(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
}
