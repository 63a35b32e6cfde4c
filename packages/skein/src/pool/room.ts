/** For so long a pool makes do with the connections that it could open. */
const PATIENCE_MS = 1_000;

/** How many connections there may be: `maxConnections`, or fewer for a while when the system has no file for one more. */
export class Room {
  size: number;
  readonly #most: number;
  /** When to find out whether there are more files again: whoever frees them does not tell. */
  #tryAt = Number.POSITIVE_INFINITY;

  constructor(most: number) {
    this.size = most;
    this.#most = most;
  }

  /** One more could not be opened. `now` is the coarse time. */
  shrink(size: number, now: number): void {
    this.size = size;
    this.#tryAt = now + PATIENCE_MS;
  }

  /** Whether it is time to try for more; then there is. */
  grows(now: number): boolean {
    if (now <= this.#tryAt) return false;
    this.size = Math.min(this.#most, this.size * 2);
    this.#tryAt = this.size === this.#most ? Number.POSITIVE_INFINITY : now + PATIENCE_MS;
    return true;
  }
}
