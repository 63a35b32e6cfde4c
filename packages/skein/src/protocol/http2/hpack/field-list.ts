import { CHILD, huffmanNodes } from "./huffman-nodes.ts";

/** What a large list was put together in is not kept for the next one. */
const KEPT_BYTES = 16_384;
const FIRST_BYTES = 1_024;
/** Below this, copying byte by byte is cheaper than making the view that `set` wants. */
const SHORT_BYTES = 64;

const COLON = 0x3a;
const SPACE = 0x20;
const CR = 0x0d;
const LF = 0x0a;

/**
 * The fields of one header block, as lines: `name: value`, each ended by CRLF, one behind the other, so that all of them
 * become a text at once. Where a name and a line end is kept beside: bytes that look like a separator separate nothing.
 *
 * One list serves all blocks of a connection. It is valid until the next block is decoded.
 */
export class FieldList {
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  /** Of the bytes written. */
  length = 0;
  /** Number of fields. */
  count = 0;
  /** Of each field, the position behind its name. */
  readonly nameEnds: number[] = [];
  /** Of each field, the position behind its CRLF: where the next one begins. */
  readonly ends: number[] = [];
  /** Where the field being written began, and its name ended. */
  fieldStart = 0;
  nameEnd = 0;

  clear(): void {
    this.length = 0;
    this.count = 0;
    this.fieldStart = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = new Uint8Array(FIRST_BYTES);
  }

  /** The position of the first byte of a field's name. */
  startOf(field: number): number {
    return field === 0 ? 0 : this.ends[field - 1]!;
  }

  append(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    if (length > SHORT_BYTES) {
      this.bytes.set(source.subarray(start, end), this.length);
    } else {
      const { bytes, length: at } = this;
      for (let i = 0; i < length; i++) bytes[at + i] = source[start + i]!;
    }
    this.length += length;
  }

  /**
   * The decoded string. False when it is none (RFC 7541 §5.2): it holds EOS, or the bits behind its last symbol are more
   * than seven, or not those that EOS begins with.
   */
  appendHuffman(source: Uint8Array, start: number, end: number): boolean {
    // The shortest code has five bits.
    this.#reserve(Math.ceil(((end - start) * 8) / 5));
    const nodes = huffmanNodes();
    const { bytes } = this;
    let at = this.length;
    let node = 0;
    let bits = 0;
    /** How many of `bits` are in no step yet. */
    let left = 0;
    /** How many bits have come since the last symbol. */
    let open = 0;
    for (let i = start; i < end; i++) {
      bits = (bits << 8) | source[i]!;
      left += 8;
      open += 8;
      while (left >= 8) {
        const entry = nodes[node + ((bits >>> (left - 8)) & 0xff)]!;
        if (entry >= CHILD) {
          node = entry - CHILD;
          left -= 8;
          continue;
        }
        if (entry === 0) return false;
        bytes[at++] = entry & 0xff;
        left -= entry >>> 8;
        open = left;
        node = 0;
      }
    }
    while (left > 0) {
      const entry = nodes[node + ((bits << (8 - left)) & 0xff)]!;
      const length = entry >>> 8;
      if (entry >= CHILD || length > left || entry === 0) break;
      bytes[at++] = entry & 0xff;
      left -= length;
      open = left;
      node = 0;
    }
    this.length = at;
    const padding = (1 << left) - 1;
    return open < 8 && (bits & padding) === padding;
  }

  startField(): void {
    this.fieldStart = this.length;
  }

  endName(): void {
    this.nameEnd = this.length;
    this.#reserve(2);
    this.bytes[this.length] = COLON;
    this.bytes[this.length + 1] = SPACE;
    this.length += 2;
  }

  endValue(): void {
    this.#reserve(2);
    this.bytes[this.length] = CR;
    this.bytes[this.length + 1] = LF;
    this.length += 2;
  }

  /** Counts the field that was written; the next one comes behind it. */
  keepField(): void {
    this.nameEnds[this.count] = this.nameEnd;
    this.ends[this.count] = this.length;
    this.count += 1;
  }

  #reserve(length: number): void {
    const needed = this.length + length;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
