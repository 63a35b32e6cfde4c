const NOTHING = new Uint8Array(0);
const FIRST_BYTES = 1_024;

/**
 * Bytes that are put one behind the other until somebody takes them. What was taken belongs to the taker: what comes
 * later goes behind it, and into another array when this one is full.
 */
export class ByteWriter {
  bytes: Uint8Array = NOTHING;
  /** Where what was not taken yet begins. It moves with what is there: positions are to be kept relative to it. */
  start = 0;
  /** The position behind the last byte written. */
  end = 0;
  readonly #slabBytes: number;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** How many bytes wait to be taken. */
  get pending(): number {
    return this.end - this.start;
  }

  /** What was written since the last time. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(this.start, this.end);
    this.start = this.end;
    return taken;
  }

  /** Keeps no memory for what may come later; for a connection that rests. */
  trim(): void {
    if (this.pending === 0) this.#replace(NOTHING);
  }

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    if (this.end + length > this.bytes.length) this.#grow(length);
  }

  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.end);
    this.end += source.length;
  }

  #grow(length: number): void {
    const { pending } = this;
    // Who writes little has little memory; who writes on and on gets whole slabs.
    const usual = Math.min(this.#slabBytes, Math.max(FIRST_BYTES, 2 * this.bytes.length));
    const next = new Uint8Array(Math.max(usual, pending + length, 2 * pending));
    next.set(this.bytes.subarray(this.start, this.end));
    this.#replace(next);
  }

  #replace(bytes: Uint8Array): void {
    this.end = this.pending;
    this.start = 0;
    this.bytes = bytes;
  }
}
