import type { Clock, Timer } from "../core/clock.ts";

/** One timer for the next thing that is due, set anew only when that changes. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { at: number; timer: Timer } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** @param at on the clock's monotonic time; `Infinity` for never */
  setTo(at: number): void {
    if (this.#set?.at === at) return;
    this.#set?.timer.cancel();
    this.#set = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const ring = () => {
      this.#set = undefined;
      this.#ring();
    };
    // A timer may fire a little early by this clock: a millisecond more spares a second round.
    this.#set = { at, timer: this.#clock.setTimer(ring, Math.max(1, Math.ceil(at - this.#clock.now()))) };
  }
}
