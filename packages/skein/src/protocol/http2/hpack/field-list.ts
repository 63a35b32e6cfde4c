import { CHILD, huffmanTables, PAIR_BITS, PAIR_COUNT_SHIFT, PAIR_LENGTH_SHIFT } from "./huffman-tables.ts";

/** What a large list was put together in is not kept for the next one. */
const KEPT_BYTES = 16_384;
const FIRST_BYTES = 1_024;
/** Below this, copying byte by byte is cheaper than making the view that `set` wants. */
const SHORT_BYTES = 64;

const PAIR_MASK = (1 << PAIR_BITS) - 1;

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
  /** Of the field that was written last: where it begins, where its name ends, and the position behind its CRLF. */
  fieldStart = 0;
  nameEnd = 0;
  fieldEnd = 0;
  /** Another number for each list: who remembers it knows whether the fields are still those. */
  revision = 0;

  clear(): void {
    this.revision += 1;
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
    // Enough, as the shortest code has five bits; and one more, as a pair is written as two even when it is one.
    this.#reserve(2 * (end - start) + 1);
    const { pairs, nodes } = huffmanTables();
    const { bytes } = this;
    let at = this.length;
    let from = start;
    let bits = 0;
    /** How many of `bits`, the lowest, are not decoded yet. */
    let left = 0;
    for (;;) {
      if (left < PAIR_BITS) {
        if (end - from < 2) break;
        bits = (bits << 16) | (source[from]! << 8) | source[from + 1]!;
        from += 2;
        left += 16;
      }
      const entry = pairs[(bits >>> (left - PAIR_BITS)) & PAIR_MASK]!;
      if (entry === 0) break;
      bytes[at] = entry;
      bytes[at + 1] = entry >>> 8;
      at += entry >>> PAIR_COUNT_SHIFT;
      left -= (entry >>> PAIR_LENGTH_SHIFT) & 0x1f;
    }
    let node = 0;
    for (;;) {
      if (left < 8) {
        if (from === end) break;
        bits = (bits << 8) | source[from++]!;
        left += 8;
      }
      const entry = nodes[node + ((bits >>> (left - 8)) & 0xff)]!;
      if (entry === 0) return false;
      if (entry >= CHILD) {
        node = entry - CHILD;
        left -= 8;
      } else {
        bytes[at++] = entry;
        left -= entry >>> 8;
        node = 0;
      }
    }
    while (left > 0) {
      const entry = nodes[node + ((bits << (8 - left)) & 0xff)]!;
      if (entry >= CHILD || entry === 0 || entry >>> 8 > left) break;
      bytes[at++] = entry;
      left -= entry >>> 8;
      node = 0;
    }
    this.length = at;
    // In a node below the first, eight bits of a code have come already: too many to be padding.
    const padding = (1 << left) - 1;
    return node === 0 && (bits & padding) === padding;
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
    this.fieldEnd = this.length;
  }

  /** Counts the field that was written; the next one comes behind it. */
  keepField(): void {
    this.nameEnds[this.count] = this.nameEnd;
    this.ends[this.count] = this.length;
    this.count += 1;
  }

  /** Makes a field that was kept the one that was written last. */
  revisit(field: number): void {
    this.fieldStart = this.startOf(field);
    this.nameEnd = this.nameEnds[field]!;
    this.fieldEnd = this.ends[field]!;
  }

  #reserve(length: number): void {
    const needed = this.length + length;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
