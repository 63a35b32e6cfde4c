/** About how much there was in the last window: that of the present one, and a part of the one before. Two numbers. */
export class RecentCount {
  #window = -1;
  #count = 0;
  #before = 0;

  add(now: number, windowMs: number): void {
    this.#goTo(Math.floor(now / windowMs));
    this.#count += 1;
  }

  within(now: number, windowMs: number): number {
    this.#goTo(Math.floor(now / windowMs));
    return this.#count + Math.round(this.#before * (1 - (now / windowMs - this.#window)));
  }

  #goTo(window: number): void {
    if (window === this.#window) return;
    this.#before = window === this.#window + 1 ? this.#count : 0;
    this.#count = 0;
    this.#window = window;
  }
}
