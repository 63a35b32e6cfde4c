/** What can stand in a chain, one at a time; the chain alone writes these. */
export interface Link<T> {
  previous: T | undefined;
  next: T | undefined;
}

/**
 * A set, in the order in which its members came. Where members come and go with each request it takes the place of `Set`: that
 * makes itself anew every few dozen of them, and once it has lived long each former self keeps the next, and all that
 * it held, from being collected while it is young.
 */
export class Chain<T extends Link<T>> implements Iterable<T> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first;
  }

  has(member: T): boolean {
    return member.previous !== undefined || this.#first === member;
  }

  /** At the end, unless it stands here already. */
  add(member: T): void {
    if (this.has(member)) return;
    member.previous = this.#last;
    if (this.#last === undefined) this.#first = member;
    else this.#last.next = member;
    this.#last = member;
    this.#size += 1;
  }

  /** Whether it stood here. */
  delete(member: T): boolean {
    if (!this.has(member)) return false;
    const { previous, next } = member;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    member.previous = undefined;
    member.next = undefined;
    this.#size -= 1;
    return true;
  }

  /** Nobody may leave meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let member = this.#first; member !== undefined; member = member.next) yield member;
  }
}
