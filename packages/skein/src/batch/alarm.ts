import type { Clock, Timer } from "../core/clock.ts";

const NEVER = Number.POSITIVE_INFINITY;

/**
 * One timer for the next thing that is due. Where that comes later than it did, as with each task of a deadline that begins,
 * the timer stays as it is, and looks again when it fires: that is cheaper than to set it anew each time.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  /** When the timer fires. */
  #firesAt = NEVER;
  /** When it shall ring. */
  #ringsAt = NEVER;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** @param at on the clock's monotonic time; `Infinity` for never */
  setTo(at: number): void {
    this.#ringsAt = at;
    if (at === NEVER) this.#cancel();
    else if (at < this.#firesAt) this.#start(at);
  }

  #start(at: number): void {
    this.#timer?.cancel();
    this.#firesAt = at;
    // A timer may fire a little early by this clock: a millisecond more spares a second round.
    const delay = Math.max(1, Math.ceil(at - this.#clock.now()));
    this.#timer = this.#clock.setTimer(() => this.#fired(), delay);
  }

  #fired(): void {
    this.#timer = undefined;
    this.#firesAt = NEVER;
    if (this.#ringsAt > this.#clock.now()) return this.#start(this.#ringsAt);
    this.#ringsAt = NEVER;
    this.#ring();
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#firesAt = NEVER;
  }
}
