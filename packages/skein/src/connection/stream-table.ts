/** A power of two; as many streams as servers commonly allow stand in one place each. */
const PLACES = 256;

/** What can stand in a table. */
export interface Tabled<S> {
  /** Odd (RFC 9113 §5.1.1). */
  readonly id: number;
  /** The table's own. */
  nextInPlace: S | undefined;
}

/**
 * The streams of a connection by their ids. In the place of a `Map`, which makes itself anew every few dozen streams, and once
 * it has lived long keeps all that its former selves held from being collected while it is young: see core/chain.ts.
 */
export class StreamTable<S extends Tabled<S>> {
  readonly #places: (S | undefined)[] = new Array<S | undefined>(PLACES).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): S | undefined {
    let stream = this.#places[placeOf(id)];
    while (stream !== undefined && stream.id !== id) stream = stream.nextInPlace;
    return stream;
  }

  /** One that does not stand here. */
  add(stream: S): void {
    const place = placeOf(stream.id);
    stream.nextInPlace = this.#places[place];
    this.#places[place] = stream;
    this.#size += 1;
  }

  /** Whether it stood here. */
  delete(stream: S): boolean {
    const place = placeOf(stream.id);
    let before: S | undefined;
    for (let at = this.#places[place]; at !== undefined; at = at.nextInPlace) {
      if (at === stream) {
        if (before === undefined) this.#places[place] = stream.nextInPlace;
        else before.nextInPlace = stream.nextInPlace;
        stream.nextInPlace = undefined;
        this.#size -= 1;
        return true;
      }
      before = at;
    }
    return false;
  }

  /** All of this moment, those that were opened first first. */
  values(): S[] {
    const all: S[] = [];
    for (const first of this.#places) {
      for (let stream = first; stream !== undefined; stream = stream.nextInPlace) all.push(stream);
    }
    return all.sort((a, b) => a.id - b.id);
  }
}

function placeOf(id: number): number {
  return (id >>> 1) & (PLACES - 1);
}
