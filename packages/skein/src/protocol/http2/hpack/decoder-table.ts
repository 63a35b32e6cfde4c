import type { FieldList } from "./field-list.ts";
import { DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD, STATIC_ENTRIES, STATIC_LENGTH } from "./static-table.ts";

const FIRST_BYTES = 1_024;
const FIRST_ENTRIES = 32;

/** The static entries as field lines, and where each one's name and line end. */
interface StaticLines {
  readonly bytes: Uint8Array;
  readonly nameEnds: Uint16Array;
  readonly ends: Uint16Array;
}

let staticLines: StaticLines | undefined;

/**
 * The tables of a decoder (RFC 7541 §2.3): static and dynamic entries under one index. Entries are kept as field lines
 * in one array of bytes, oldest first, so that neither an insertion nor a look-up makes an object. What `find` found is
 * in `source`, `start`, `nameEnd` and `end`, until the next insertion.
 */
export class DecoderTable {
  /** Changes whenever an index may mean something else than before. */
  generation = 0;
  source: Uint8Array;
  start = 0;
  nameEnd = 0;
  /** Behind the CRLF. */
  end = 0;
  readonly #static: StaticLines;
  #maxSize = DEFAULT_TABLE_SIZE;
  #size = 0;
  /** The entries' lines, without a gap, from `#starts[#oldest]` to `#used`. */
  #bytes = new Uint8Array(0);
  #used = 0;
  /** A ring: entry i of the dynamic ones, oldest first, is at `(#oldest + i) & (length - 1)`. */
  #starts = new Uint32Array(0);
  #nameEnds = new Uint32Array(0);
  #ends = new Uint32Array(0);
  #oldest = 0;
  #count = 0;

  constructor() {
    staticLines ??= makeStaticLines();
    this.#static = staticLines;
    this.source = this.#static.bytes;
  }

  /** Number of dynamic entries. */
  get count(): number {
    return this.#count;
  }

  /** RFC 7541 §4.1: names, values and 32 for each dynamic entry. */
  get size(): number {
    return this.#size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** Whether there is an entry of this index; 1 is the first static one. */
  find(index: number): boolean {
    if (index <= STATIC_LENGTH) {
      if (index < 1) return false;
      this.source = this.#static.bytes;
      this.start = index === 1 ? 0 : this.#static.ends[index - 2]!;
      this.nameEnd = this.#static.nameEnds[index - 1]!;
      this.end = this.#static.ends[index - 1]!;
      return true;
    }
    const age = index - STATIC_LENGTH;
    if (age > this.#count) return false;
    const slot = (this.#oldest + this.#count - age) & (this.#starts.length - 1);
    this.source = this.#bytes;
    this.start = this.#starts[slot]!;
    this.nameEnd = this.#nameEnds[slot]!;
    this.end = this.#ends[slot]!;
    return true;
  }

  /** The field that was written last to the list becomes the newest entry; one that is too large empties the table. */
  insert(list: FieldList): void {
    const length = list.fieldEnd - list.fieldStart;
    this.generation += 1;
    const size = sizeOf(length);
    this.#evictTo(this.#maxSize - size);
    if (size > this.#maxSize) return;
    this.#makeRoom(length);
    const start = this.#used;
    const from = list.fieldStart;
    const { bytes } = list;
    const target = this.#bytes;
    for (let i = 0; i < length; i++) target[start + i] = bytes[from + i]!;
    this.#used += length;
    this.#size += size;
    if (this.#count === this.#starts.length) this.#growRing();
    const slot = (this.#oldest + this.#count) & (this.#starts.length - 1);
    this.#starts[slot] = start;
    this.#nameEnds[slot] = start + list.nameEnd - from;
    this.#ends[slot] = this.#used;
    this.#count += 1;
  }

  resize(maxSize: number): void {
    this.generation += 1;
    this.#maxSize = maxSize;
    this.#evictTo(maxSize);
  }

  #evictTo(size: number): void {
    while (this.#size > size && this.#count > 0) {
      const slot = this.#oldest;
      this.#size -= sizeOf(this.#ends[slot]! - this.#starts[slot]!);
      this.#oldest = (slot + 1) & (this.#starts.length - 1);
      this.#count -= 1;
    }
  }

  /**
   * For `length` more bytes behind the last entry. The array grows to twice what the entries can be together; from then
   * on they are moved to its front at most once for as many bytes as the move takes.
   */
  #makeRoom(length: number): void {
    if (this.#count === 0) this.#used = 0;
    if (this.#used + length <= this.#bytes.length) return;
    const first = this.#count === 0 ? 0 : this.#starts[this.#oldest]!;
    const live = this.#used - first;
    let target = this.#bytes;
    if (2 * (live + length) > target.length) {
      const wanted = Math.max(FIRST_BYTES, 2 * target.length, live + length);
      target = new Uint8Array(Math.max(live + length, Math.min(wanted, 2 * this.#maxSize)));
    }
    target.set(this.#bytes.subarray(first, this.#used));
    this.#bytes = target;
    this.#used = live;
    this.#shiftRing(first);
  }

  #shiftRing(by: number): void {
    for (let i = 0; i < this.#count; i++) {
      const slot = (this.#oldest + i) & (this.#starts.length - 1);
      this.#starts[slot]! -= by;
      this.#nameEnds[slot]! -= by;
      this.#ends[slot]! -= by;
    }
  }

  #growRing(): void {
    this.#starts = this.#unroll(this.#starts);
    this.#nameEnds = this.#unroll(this.#nameEnds);
    this.#ends = this.#unroll(this.#ends);
    this.#oldest = 0;
  }

  /** Twice the ring, oldest entry first. */
  #unroll(ring: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    const larger = new Uint32Array(Math.max(FIRST_ENTRIES, 2 * ring.length));
    larger.set(ring.subarray(this.#oldest));
    larger.set(ring.subarray(0, this.#oldest), ring.length - this.#oldest);
    return larger;
  }
}

/** What a line of that many bytes counts as an entry: `: ` and CRLF are no part of it. */
function sizeOf(lineLength: number): number {
  return lineLength - 4 + ENTRY_OVERHEAD;
}

function makeStaticLines(): StaticLines {
  const nameEnds = new Uint16Array(STATIC_LENGTH);
  const ends = new Uint16Array(STATIC_LENGTH);
  let text = "";
  STATIC_ENTRIES.forEach(([name, value], i) => {
    nameEnds[i] = text.length + name.length;
    text += `${name}: ${value}\r\n`;
    ends[i] = text.length;
  });
  return { bytes: Uint8Array.from(text, character => character.charCodeAt(0)), nameEnds, ends };
}
