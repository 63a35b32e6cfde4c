import type { NormalizedRate } from "./rate.ts";

/**
 * The generic cell rate algorithm (ITU-T I.371): a leaky bucket that keeps one number, the theoretical arrival time
 * (TAT) of the next request at exactly the rate. A request may come earlier than that by a tolerance. So there are no
 * windows whose edges let twice the rate through.
 *
 * With interval T and tolerance T·(b − 1), a half-open window of length P holds at most ⌈P/T⌉ + b − 1. A given burst is b,
 * with T = P/N. Without one nothing above N may pass, yet timers that fire late need some room to catch up: so T is
 * P/(N − b + 1), which bounds each window by N, with b − 1 at most 1 % of N: the price of the room.
 *
 * One per cent of less than 100 is no room at all. There the last N times are kept instead: one that was late does not delay
 * those after it, and none goes out before the N-th before it is P ago.
 */
export class Gcra {
  readonly #interval: number;
  readonly #tolerance: number;
  readonly #recent: RecentTimes | undefined;
  #tat = Number.NEGATIVE_INFINITY;

  constructor({ count, per, burst }: NormalizedRate) {
    const room = burst === undefined ? catchUpRoom(count, per) : burst - 1;
    const steady = burst === undefined ? count - room : count;
    this.#interval = (per / steady) * (1 + ROUNDING);
    this.#tolerance = this.#interval * room + (per * ROUNDING) / 10;
    this.#recent = burst === undefined && room === 0 && count > 1 ? new RecentTimes(count, per) : undefined;
  }

  /** From when the next request may go out; in the past when it may at once. */
  get readyAt(): number {
    const at = this.#tat - this.#tolerance;
    return this.#recent === undefined ? at : Math.max(at, this.#recent.readyAt);
  }

  /** From when on it is as if it had never been used. */
  get idleAt(): number {
    return this.#recent === undefined ? this.#tat : Math.max(this.#tat, this.#recent.idleAt);
  }

  /** A request goes out; the caller has looked at `readyAt`. */
  take(now: number): void {
    this.#tat = this.#begunAt(now) + this.#interval;
    this.#recent?.add(now);
  }

  /** From when the interval of a request counts that goes out now: from its own time, or where it is late, from before. */
  #begunAt(now: number): number {
    const late = now - this.#tat;
    if (this.#recent === undefined || late > LATE_MS + this.#interval) return Math.max(now, this.#tat);
    return this.#tat + Math.max(0, late - LATE_MS);
  }
}

/** Sums of many intervals must not fall short of the period by a rounding, nor a burst by one. */
const ROUNDING = 1e-9;
/** So late timers may be, and cost nothing. */
const LATE_MS = 20;

/** Between the decision and the wire some time passes, now more and now less: so much longer a window is kept. */
const MARGIN = 0.005;
const MOST_MARGIN_MS = 5;

function catchUpRoom(count: number, per: number): number {
  return Math.min(Math.floor(count / 100), Math.ceil((count * LATE_MS) / per));
}

/** The times of the last requests, as many as a period may hold. */
class RecentTimes {
  readonly #times: Float64Array;
  readonly #period: number;
  /** Where the oldest is. */
  #oldest = 0;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(count: number, period: number) {
    this.#times = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.#period = period + Math.min(MARGIN * period, MOST_MARGIN_MS);
  }

  get readyAt(): number {
    return this.#times[this.#oldest]! + this.#period;
  }

  get idleAt(): number {
    return this.#newest + this.#period;
  }

  add(now: number): void {
    this.#newest = now;
    this.#times[this.#oldest] = now;
    this.#oldest = (this.#oldest + 1) % this.#times.length;
  }
}
