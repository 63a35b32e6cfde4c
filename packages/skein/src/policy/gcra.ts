import type { NormalizedRate } from "./rate.ts";

/**
 * The generic cell rate algorithm (ITU-T I.371): a leaky bucket that keeps one number, the theoretical arrival time
 * (TAT) of the next request at exactly the rate. A request may come earlier than that by a tolerance. So there are no
 * windows whose edges let twice the rate through.
 *
 * With interval T and tolerance T·(b − 1), a half-open window of length P holds at most ⌈P/T⌉ + b − 1. A given burst is b,
 * with T = P/N. Without one nothing above N may pass, yet timers that fire late need some room to catch up: so T is
 * P/(N − b + 1), which bounds each window by N, with b − 1 at most 1 % of N: the price of the room.
 */
export class Gcra {
  readonly #interval: number;
  readonly #tolerance: number;
  #tat = Number.NEGATIVE_INFINITY;

  constructor({ count, per, burst }: NormalizedRate) {
    const room = burst === undefined ? catchUpRoom(count, per) : burst - 1;
    const steady = burst === undefined ? count - room : count;
    this.#interval = (per / steady) * (1 + ROUNDING);
    this.#tolerance = this.#interval * room + (per * ROUNDING) / 10;
  }

  /** From when the next request may go out; in the past when it may at once. */
  get readyAt(): number {
    return this.#tat - this.#tolerance;
  }

  /** From when on it is as if it had never been used. */
  get idleAt(): number {
    return this.#tat;
  }

  /** A request goes out; the caller has looked at `readyAt`. */
  take(now: number): void {
    this.#tat = Math.max(now, this.#tat) + this.#interval;
  }
}

/** Sums of many intervals must not fall short of the period by a rounding, nor a burst by one. */
const ROUNDING = 1e-9;
/** So late timers may be, and cost nothing. */
const LATE_MS = 20;

function catchUpRoom(count: number, per: number): number {
  return Math.min(Math.floor(count / 100), Math.ceil((count * LATE_MS) / per));
}
