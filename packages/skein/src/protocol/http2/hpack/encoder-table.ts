import { DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD, STATIC_ENTRIES, STATIC_LENGTH } from "./static-table.ts";

/** The entries of one name: where its newest is, and where each value's. Places count insertions, from 1. */
interface NameEntries {
  newest: number;
  readonly values: Map<string, number>;
}

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly size: number;
}

/** The names of the static table, with their places in it. */
let staticNames: Map<string, NameEntries> | undefined;

/**
 * The tables of an encoder (RFC 7541 §2.3), to be searched by name and value. `find` answers with a number: the index
 * of the entry that has both; or, below 0, of one that has the name; or 0.
 */
export class EncoderTable {
  /** Changes whenever an index may mean something else than before. */
  generation = 0;
  readonly #static: Map<string, NameEntries>;
  readonly #names = new Map<string, NameEntries>();
  /** Newest last; those before `#oldest` are evicted. */
  #entries: Entry[] = [];
  #oldest = 0;
  /** The place of the entry at `#entries[0]`. */
  #firstPlace = 1;
  #maxSize = DEFAULT_TABLE_SIZE;
  #size = 0;

  constructor() {
    staticNames ??= makeStaticNames();
    this.#static = staticNames;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  find(name: string, value: string): number {
    const fixed = this.#static.get(name);
    const fixedIndex = fixed?.values.get(value);
    if (fixedIndex !== undefined) return fixedIndex;
    const dynamic = this.#names.get(name);
    const place = dynamic?.values.get(value);
    if (place !== undefined) return this.#indexOf(place);
    // The lower number: one byte more often than the other.
    if (fixed !== undefined) return -fixed.newest;
    return dynamic === undefined ? 0 : -this.#indexOf(dynamic.newest);
  }

  /** Whether an entry is small enough that it does not drive out most of the others. */
  isWorthwhile(name: string, value: string): boolean {
    return 4 * sizeOf(name, value) <= 3 * this.#maxSize;
  }

  insert(name: string, value: string): void {
    const size = sizeOf(name, value);
    this.#evictTo(this.#maxSize - size);
    this.generation += 1;
    if (size > this.#maxSize) return;
    const place = this.#firstPlace + this.#entries.length;
    this.#entries.push({ name, value, size });
    this.#size += size;
    const known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, { newest: place, values: new Map([[value, place]]) });
    else {
      known.newest = place;
      known.values.set(value, place);
    }
  }

  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.#evictTo(maxSize);
    this.generation += 1;
  }

  #indexOf(place: number): number {
    return STATIC_LENGTH + this.#firstPlace + this.#entries.length - place;
  }

  #evictTo(size: number): void {
    while (this.#size > size && this.#oldest < this.#entries.length) {
      const entry = this.#entries[this.#oldest]!;
      this.#forget(entry, this.#firstPlace + this.#oldest);
      this.#size -= entry.size;
      this.#oldest += 1;
    }
    if (this.#oldest * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#oldest);
      this.#firstPlace += this.#oldest;
      this.#oldest = 0;
    }
  }

  /** A newer entry of the same name, or of the same name and value, stays. */
  #forget({ name, value }: Entry, place: number): void {
    const known = this.#names.get(name)!;
    if (known.values.get(value) === place) known.values.delete(value);
    if (known.newest === place) this.#names.delete(name);
  }
}

function sizeOf(name: string, value: string): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

function makeStaticNames(): Map<string, NameEntries> {
  const names = new Map<string, NameEntries>();
  STATIC_ENTRIES.forEach(([name, value], i) => {
    const known = names.get(name);
    if (known === undefined) names.set(name, { newest: i + 1, values: new Map([[value, i + 1]]) });
    else known.values.set(value, i + 1);
  });
  return names;
}
