/** Counts are kept for this stretch of time and the one before it. */
const STRETCH_MS = 10_000;

/** How many a second there were of late: over the last 10 to 20 s. */
export class Pace {
  #stretch = Number.NaN;
  #count = 0;
  #before = 0;
  #startedAt = 0;

  add(now: number): void {
    if (Number.isNaN(this.#stretch)) this.#startedAt = now;
    this.#goTo(now);
    this.#count += 1;
  }

  perSecond(now: number): number {
    if (Number.isNaN(this.#stretch)) return 0;
    this.#goTo(now);
    const from = Math.max(this.#startedAt, (this.#stretch - 1) * STRETCH_MS);
    return ((this.#count + this.#before) * 1_000) / Math.max(1_000, now - from);
  }

  #goTo(now: number): void {
    const stretch = Math.floor(now / STRETCH_MS);
    if (stretch === this.#stretch) return;
    this.#before = stretch === this.#stretch + 1 ? this.#count : 0;
    this.#count = 0;
    this.#stretch = stretch;
  }
}
