import { ByteWriter } from "./byte-writer.ts";
import { EncoderTable } from "./encoder-table.ts";
import { type HuffmanCode, huffmanCode } from "./huffman-code.ts";
import { DEFAULT_TABLE_SIZE } from "./static-table.ts";

/**
 * How a field goes into a header block (RFC 7541 §6.2): "indexed" joins the dynamic table; "plain" does not, as its value
 * is another one each time; "never" does not here nor on the way: a secret that could be guessed by what it compresses to.
 */
export type Indexing = "indexed" | "plain" | "never";

/** Fields that are sent again and again, as the same object. */
export interface FieldSource {
  /** name, value, name, value …; names in lower case, all of it latin1. */
  readonly fields: readonly string[];
  readonly indexing: readonly Indexing[];
}

/** We keep no larger table than this, however large a one the peer allows: it is memory of each connection. */
const LARGEST_TABLE = 4_096;

/** First byte and prefix of each form (§6). */
const INDEXED_FIELD = 0x80;
const SIZE_UPDATE = 0x20;
const LITERALS: Readonly<Record<Indexing, { readonly form: number; readonly prefix: number }>> = {
  indexed: { form: 0x40, prefix: 0x3f },
  plain: { form: 0x00, prefix: 0x0f },
  never: { form: 0x10, prefix: 0x0f },
};
const HUFFMAN = 0x80;

/** The longest integer we write has a prefix and five bytes. */
const INTEGER_BYTES = 6;

/**
 * Encodes the header blocks of one connection (RFC 7541), in the order in which they are sent. `begin`, then the fields.
 * Strings are latin1, one byte a character, and Huffman-coded where that is shorter.
 */
export class HpackEncoder {
  readonly #table = new EncoderTable();
  readonly #huffman: HuffmanCode = huffmanCode();
  /** The least size the table had since the last block; it is told before the last one (§4.2). */
  #leastSize = DEFAULT_TABLE_SIZE;
  #lastSize = DEFAULT_TABLE_SIZE;
  #owesSizeUpdate = false;
  #out = new ByteWriter(0);
  #known: FieldSource | undefined;
  #knownGeneration = -1;
  #knownBytes = new Uint8Array(0);

  /** What the peer's SETTINGS_HEADER_TABLE_SIZE allows. */
  allowTableSize(size: number): void {
    const next = Math.min(size, LARGEST_TABLE);
    if (next === this.#lastSize) return;
    this.#leastSize = this.#owesSizeUpdate ? Math.min(this.#leastSize, next) : next;
    this.#lastSize = next;
    this.#owesSizeUpdate = true;
  }

  /** A block begins, which goes to `out`. */
  begin(out: ByteWriter): void {
    this.#out = out;
    if (!this.#owesSizeUpdate) return;
    this.#owesSizeUpdate = false;
    if (this.#leastSize < this.#lastSize) this.#tellSize(this.#leastSize);
    this.#tellSize(this.#lastSize);
  }

  field(name: string, value: string, indexing: Indexing): void {
    const index = indexing === "never" ? this.#findName(name, value) : this.#table.find(name, value);
    if (index > 0) return this.#writeInteger(index, INDEXED_FIELD, 0x7f);
    const isInserted = indexing === "indexed" && this.#table.isWorthwhile(name, value);
    const { form, prefix } = LITERALS[isInserted || indexing !== "indexed" ? indexing : "plain"];
    this.#writeInteger(-index, form, prefix);
    if (index === 0) this.#writeString(name);
    this.#writeString(value);
    if (isInserted) this.#table.insert(name, value);
  }

  /** All fields of a source. One that comes again and again, with nothing new in the table, is copied. */
  fields(source: FieldSource): void {
    const out = this.#out;
    const { generation } = this.#table;
    const isKnown = this.#known === source;
    if (isKnown && this.#knownGeneration === generation) return out.append(this.#knownBytes);
    const before = out.pending;
    this.oneOff(source);
    this.#known = source;
    this.#knownGeneration = -1;
    if (!isKnown || this.#table.generation !== generation) return;
    this.#knownGeneration = generation;
    this.#knownBytes = out.bytes.slice(out.start + before, out.end);
  }

  /** All fields of a source that will not come again. */
  oneOff({ fields, indexing }: FieldSource): void {
    for (let i = 0; i < indexing.length; i++) this.field(fields[2 * i]!, fields[2 * i + 1]!, indexing[i]!);
  }

  /** A secret that happens to be in a table is not told by its place there. */
  #findName(name: string, value: string): number {
    const index = this.#table.find(name, value);
    return index > 0 ? -index : index;
  }

  #tellSize(size: number): void {
    this.#table.resize(size);
    this.#writeInteger(size, SIZE_UPDATE, 0x1f);
  }

  /** §5.1 */
  #writeInteger(value: number, form: number, prefix: number): void {
    const out = this.#out;
    out.reserve(INTEGER_BYTES);
    const { bytes } = out;
    let at = out.end;
    if (value < prefix) {
      bytes[at++] = form | value;
    } else {
      bytes[at++] = form | prefix;
      let rest = value - prefix;
      for (; rest >= 0x80; rest >>>= 7) bytes[at++] = 0x80 | (rest & 0x7f);
      bytes[at++] = rest;
    }
    out.end = at;
  }

  /** §5.2 */
  #writeString(text: string): void {
    const { lengths } = this.#huffman;
    const { length } = text;
    let bits = 0;
    for (let i = 0; i < length; i++) bits += lengths[text.charCodeAt(i)]!;
    const coded = (bits + 7) >>> 3;
    const out = this.#out;
    if (coded < length) {
      this.#writeInteger(coded, HUFFMAN, 0x7f);
      out.reserve(coded);
      this.#writeHuffman(text);
    } else {
      this.#writeInteger(length, 0, 0x7f);
      out.reserve(length);
      const { bytes, end: at } = out;
      for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
      out.end = at + length;
    }
  }

  #writeHuffman(text: string): void {
    const { lengths, codes } = this.#huffman;
    const { bytes } = this.#out;
    let at = this.#out.end;
    let bits = 0;
    /** Of `bits`, what is not written yet: less than eight. */
    let left = 0;
    for (let i = 0; i < text.length; i++) {
      const symbol = text.charCodeAt(i);
      const code = codes[symbol]!;
      let length = lengths[symbol]!;
      if (length > 16) {
        // In two parts, as 32 bits can't hold the longest codes and what is left.
        bits = (bits << (length - 16)) | (code >>> 16);
        for (left += length - 16; left >= 8; left -= 8) bytes[at++] = bits >>> (left - 8);
        length = 16;
      }
      bits = (bits << length) | (code & 0xffff);
      for (left += length; left >= 8; left -= 8) bytes[at++] = bits >>> (left - 8);
    }
    // Padded with ones, as EOS begins.
    if (left > 0) bytes[at++] = (bits << (8 - left)) | (0xff >>> left);
    this.#out.end = at;
  }
}
