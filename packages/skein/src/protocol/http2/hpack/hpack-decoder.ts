import { BlockMemory } from "./block-memory.ts";
import { DecoderTable } from "./decoder-table.ts";
import { FieldList } from "./field-list.ts";
import { DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD, STATIC_LENGTH } from "./static-table.ts";

export interface FieldLimits {
  /** Of a list: names, values and 32 for each field (RFC 9113 §6.5.2). Default: 65,536 bytes. */
  readonly maxHeaderBytes: number;
  /** Fields of a list. Default: 200. */
  readonly maxFields: number;
}

const DEFAULT_LIMITS: FieldLimits = { maxHeaderBytes: 65_536, maxFields: 200 };

/**
 * How a block ended. "too-large": it was read to its end, so that the tables stay right, but its fields were dropped.
 * "excessive": it went so far beyond the limit that it was not worth reading to the end.
 */
export type BlockVerdict = "ok" | "too-large" | "excessive" | "malformed";

/** Where reading stops: a list of this many times the limit, and of at least this many bytes, is no mistake. */
const EXCESS = 16;
const LEAST_EXCESS_BYTES = 2 ** 20;

/** RFC 7541 §4.2: the least and the last of the sizes that a table had between two blocks. */
const MAX_SIZE_UPDATES = 2;

/** Of an integer, behind its prefix: enough for 32 bits. */
const MAX_INTEGER_BYTES = 5;
const MAX_INTEGER = 2 ** 31 - 1;
const BAD_INTEGER = -1;

/**
 * Decodes the header blocks of one connection (RFC 7541), in their order, each from the bytes it lies in. What it
 * decodes is in `fields` until the next block. Blocks depend on each other: after "malformed" or "excessive" the
 * connection can't be used any more.
 */
export class HpackDecoder {
  readonly fields: FieldList = new FieldList();
  /** What is wrong with a block that is "malformed". */
  fault = "";
  /** Where, in the array it lay in. */
  faultAt = 0;
  readonly #maxBytes: number;
  readonly #excessBytes: number;
  readonly #maxFields: number;
  readonly #table = new DecoderTable();
  readonly #memory = new BlockMemory();
  #allowedTableSize = DEFAULT_TABLE_SIZE;
  /** The peer knows of a smaller table than it uses, and has to say that it follows. */
  #owesSizeUpdate = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** Of the list that is being decoded. */
  #listBytes = 0;
  #listFields = 0;
  #keeps = true;
  #updatesSize = false;

  constructor(limits: Partial<FieldLimits> = {}) {
    const { maxHeaderBytes, maxFields } = { ...DEFAULT_LIMITS, ...limits };
    this.#maxBytes = maxHeaderBytes;
    this.#excessBytes = Math.max(EXCESS * maxHeaderBytes, LEAST_EXCESS_BYTES);
    this.#maxFields = maxFields;
  }

  /** What the dynamic table takes at present (RFC 7541 §4.1). */
  get tableSize(): number {
    return this.#table.size;
  }

  /** The peer has acknowledged our SETTINGS_HEADER_TABLE_SIZE. Before any, it is 4,096. */
  allowTableSize(size: number): void {
    this.#allowedTableSize = size;
    if (size < this.#table.maxSize) this.#owesSizeUpdate = true;
  }

  /** Decodes the block in `bytes[start, end)`. */
  decode(bytes: Uint8Array, start: number, end: number): BlockVerdict {
    if (this.#repeats(bytes, start, end)) return "ok";
    const verdict = this.#decode(bytes, start, end);
    this.#memory.generation = this.#table.generation;
    if (verdict === "ok" && !this.#updatesSize) this.#memory.keep(bytes, start, end);
    return verdict;
  }

  /** The fields of the last block are there already, when it comes once more. */
  #repeats(bytes: Uint8Array, start: number, end: number): boolean {
    const memory = this.#memory;
    if (memory.refersToTable && memory.generation !== this.#table.generation) return false;
    if (this.#owesSizeUpdate || !memory.isSame(bytes, start, end)) return false;
    for (let i = 0; i < memory.insertions; i++) {
      this.fields.revisit(memory.inserted[i]!);
      this.#table.insert(this.fields);
    }
    return true;
  }

  #decode(bytes: Uint8Array, start: number, end: number): BlockVerdict {
    this.#memory.forget();
    this.fields.clear();
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#listBytes = 0;
    this.#listFields = 0;
    this.#keeps = true;
    this.#updatesSize = false;
    if (!this.#readSizeUpdates()) return "malformed";
    while (this.#at < end) {
      if (!this.#readField()) return "malformed";
      if (this.#listBytes > this.#excessBytes) return "excessive";
    }
    return this.#keeps ? "ok" : "too-large";
  }

  /** They may stand in front of the fields only (§4.2). */
  #readSizeUpdates(): boolean {
    for (let updates = 0; this.#at < this.#end && isSizeUpdate(this.#bytes[this.#at]!); updates++) {
      if (updates === MAX_SIZE_UPDATES) return this.#fail("more than two table size updates in a row");
      const at = this.#at;
      const size = this.#readInteger(0x1f);
      if (size === BAD_INTEGER) return false;
      if (size > this.#allowedTableSize) {
        this.#at = at;
        return this.#fail(`a table size of ${size}, where at most ${this.#allowedTableSize} is allowed`);
      }
      this.#table.resize(size);
      this.#updatesSize = true;
      this.#owesSizeUpdate = false;
    }
    if (this.#owesSizeUpdate && this.#table.maxSize > this.#allowedTableSize)
      return this.#fail("no table size update, though the allowed size went down");
    return true;
  }

  #readField(): boolean {
    const first = this.#bytes[this.#at]!;
    if (first >= 0x80) return this.#readIndexed();
    if (first >= 0x40) return this.#readLiteral(0x3f, true);
    if (first >= 0x20) return this.#fail("a table size update behind a field");
    // Never indexed (0x1_) or just not indexed (0x0_): we pass fields on to nobody.
    return this.#readLiteral(0x0f, false);
  }

  /** §6.1 */
  #readIndexed(): boolean {
    if (!this.#findEntry(0x7f)) return false;
    const { source, start, nameEnd, end } = this.#table;
    if (!this.#count(end - start)) return true;
    const { fields } = this;
    fields.nameEnd = fields.length + nameEnd - start;
    fields.append(source, start, end);
    fields.keepField();
    return true;
  }

  /** §6.2 */
  #readLiteral(prefix: number, isInserted: boolean): boolean {
    const { fields } = this;
    fields.startField();
    if (!this.#readName(prefix)) return false;
    fields.endName();
    if (!this.#readString()) return false;
    fields.endValue();
    if (isInserted) {
      this.#memory.noteInsertion(fields.count);
      this.#table.insert(fields);
    }
    if (this.#count(fields.length - fields.fieldStart)) fields.keepField();
    else fields.length = 0;
    return true;
  }

  #readName(prefix: number): boolean {
    if ((this.#bytes[this.#at]! & prefix) === 0) {
      this.#at += 1;
      return this.#readString();
    }
    if (!this.#findEntry(prefix)) return false;
    this.fields.append(this.#table.source, this.#table.start, this.#table.nameEnd);
    return true;
  }

  /** A field of so many bytes, as a line, joins the list. False when the list, or this field, is not kept. */
  #count(lineLength: number): boolean {
    this.#listBytes += lineLength - 4 + ENTRY_OVERHEAD;
    this.#listFields += 1;
    if (this.#keeps && (this.#listBytes > this.#maxBytes || this.#listFields > this.#maxFields)) {
      this.#keeps = false;
      this.fields.clear();
    }
    return this.#keeps;
  }

  #findEntry(prefix: number): boolean {
    const at = this.#at;
    const index = this.#readInteger(prefix);
    if (index === BAD_INTEGER) return false;
    if (index > STATIC_LENGTH) this.#memory.refersToTable = true;
    if (this.#table.find(index)) return true;
    this.#at = at;
    return this.#fail(`no table has an entry ${index}`);
  }

  /** §5.2 */
  #readString(): boolean {
    const at = this.#at;
    if (at >= this.#end) return this.#fail("the block ends inside a field");
    const isHuffman = this.#bytes[at]! >= 0x80;
    const length = this.#readInteger(0x7f);
    if (length === BAD_INTEGER) return false;
    const start = this.#at;
    if (length > this.#end - start) {
      this.#at = at;
      return this.#fail(`a string of ${length} bytes, of which ${this.#end - start} are there`);
    }
    this.#at = start + length;
    if (!isHuffman) this.fields.append(this.#bytes, start, this.#at);
    else if (!this.fields.appendHuffman(this.#bytes, start, this.#at)) {
      this.#at = start;
      return this.#fail("a string that is not Huffman-coded as it says");
    }
    return true;
  }

  /** §5.1. BAD_INTEGER when it is cut off, or too large to mean anything. */
  #readInteger(prefix: number): number {
    const bytes = this.#bytes;
    const start = this.#at++;
    let value = bytes[start]! & prefix;
    if (value < prefix) return value;
    let weight = 1;
    while (this.#at < this.#end && this.#at - start <= MAX_INTEGER_BYTES) {
      const byte = bytes[this.#at++]!;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) {
        if (value <= MAX_INTEGER) return value;
        break;
      }
      weight *= 0x80;
    }
    const isCut = this.#at === this.#end && value <= MAX_INTEGER && this.#at - start <= MAX_INTEGER_BYTES;
    this.#at = start;
    this.#fail(isCut ? "the block ends inside a number" : "a number beyond 2^31");
    return BAD_INTEGER;
  }

  #fail(fault: string): false {
    this.fault = fault;
    this.faultAt = this.#at;
    return false;
  }
}

function isSizeUpdate(byte: number): boolean {
  return byte >= 0x20 && byte < 0x40;
}
