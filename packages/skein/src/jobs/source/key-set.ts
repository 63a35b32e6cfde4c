const SMALLEST = 1024;

/** A set of whole numbers from 1 to 2^53 - 1, at 16 to 32 bytes each: a `Set` of ten million takes half a gigabyte. */
export class KeySet {
  /** Open addressing; 0 is an empty place. */
  #places = new Float64Array(SMALLEST);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False where it was there before. */
  add(key: number): boolean {
    if (this.#size * 2 >= this.#places.length) this.#grow();
    if (!insert(this.#places, key)) return false;
    this.#size += 1;
    return true;
  }

  #grow(): void {
    const places = new Float64Array(this.#places.length * 2);
    for (const key of this.#places) if (key !== 0) insert(places, key);
    this.#places = places;
  }
}

function insert(places: Float64Array, key: number): boolean {
  const mask = places.length - 1;
  // Keys are hashes already: their low bits are as good as any.
  for (let at = (key % 4294967296) & mask; ; at = (at + 1) & mask) {
    if (places[at] === key) return false;
    if (places[at] !== 0) continue;
    places[at] = key;
    return true;
  }
}
