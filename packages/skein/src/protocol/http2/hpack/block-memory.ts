const NOTHING = new Uint8Array(0);

/** Longer blocks are rarely the same twice, and cost more to compare. */
const LONGEST = 512;

/** After so many blocks that were not the same as the one before, only each so manieth is kept to compare with. */
const PATIENCE = 8;

/**
 * The last header block, for the next one that may be the same, byte by byte: servers say the same again and again. What
 * it then means is the same as well, unless it is told by entries of the dynamic table and those have moved.
 */
export class BlockMemory {
  /** Of the table, when the block had been decoded. */
  generation = 0;
  /** Whether the block refers to entries of the dynamic table. */
  refersToTable = false;
  /** Fields of the block that joined the dynamic table, as they do when it comes again. */
  readonly inserted: number[] = [];
  insertions = 0;
  #bytes = NOTHING;
  #length = -1;
  #misses = 0;

  /** Another block is going to be decoded. */
  forget(): void {
    this.#length = -1;
    this.refersToTable = false;
    this.insertions = 0;
  }

  noteInsertion(field: number): void {
    this.inserted[this.insertions] = field;
    this.insertions += 1;
  }

  keep(bytes: Uint8Array, start: number, end: number): void {
    this.#misses += 1;
    // What it refers to has moved by what it inserts.
    if (end - start > LONGEST || (this.refersToTable && this.insertions > 0)) return;
    if (this.#misses > PATIENCE && this.#misses % PATIENCE !== 0) return;
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(LONGEST);
    for (let i = start; i < end; i++) this.#bytes[i - start] = bytes[i]!;
    this.#length = end - start;
  }

  /** Whether the block is the last one again, byte by byte. */
  isSame(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#length) return false;
    const last = this.#bytes;
    for (let i = start; i < end; i++) if (bytes[i] !== last[i - start]) return false;
    this.#misses = 0;
    return true;
  }
}
