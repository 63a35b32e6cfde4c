import { Gcra } from "./gcra.ts";
import type { NormalizedRate } from "./rate.ts";
import { RecentCount } from "./recent-count.ts";

/**
 * How many requests a second an origin takes, found out by its answers "too many": a limit on how many are in flight can't say
 * that. As CUBIC (RFC 9438) does for a window: after a throttling the rate falls to 0.7 of what it was, comes back to just below
 * that along a curve that is flat where it was refused, and then looks for more, faster and faster.
 *
 *    rate │        ╭──╯           K: until it is back at `top`, 0.95 of the old one
 *     top ┤   ╭────╯              below: top − (top − 0.7 old)·((K − t)/K)³
 *         │ ╭─╯                   above: top + C·(t − K)³, and at most twice what is really sent
 * 0.7 old ┤─╯
 *         └──────┴────── t        A throttling costs its cool-down W, in which nothing is sent: so K is at least 10 W;
 *                K                3 W for the first, whose rate is but an estimate.
 *
 * An origin that tells its quota (RateLimit-Policy) is believed: then it is that.
 */
const BETA = 0.7;
/** Requests a second, for each second to the power of three. */
const GROWTH = 0.4;
const TOP = 0.95;
/** K in cool-downs. */
const LONG = 10;
const FIRST = 3;
/** So late timers may be, and cost nothing. */
const LATE_MS = 20;
const RECENT_MS = 1_000;
/** What was sent in less time than this says nothing of a rate. */
const LEAST_MS = 250;
/** Nobody is asked more rarely than once in this time. */
const SLOWEST_PER_SECOND = 1 / 60;

/** An answer "too many". */
export interface Throttling {
  readonly now: number;
  /** For how long nothing is sent. */
  readonly waitMs: number;
  /** What the origin says of its quota. */
  readonly quota: NormalizedRate | undefined;
}

export class LearnedRate {
  /** Before the last throttling, a second. */
  #old: number;
  /** Seconds until it is back there. */
  #k = 0;
  #growsFrom = 0;
  #exact: Gcra | undefined;
  #quota: NormalizedRate | undefined;
  #tat = Number.NEGATIVE_INFINITY;
  readonly #sent = new RecentCount();
  #sentInAll = 0;
  /** When the last throttling began. */
  #since: number;

  /** @param accepted requests that were answered well before the first throttling, and in what time */
  constructor(first: Throttling, accepted: { readonly count: number; readonly ms: number }) {
    // What came at once is what a time allows that ends when it may be asked again.
    this.#old = perSecond(accepted.count, Math.max(accepted.ms, first.waitMs));
    this.#since = first.now;
    this.#begin(first, FIRST);
  }

  /** From when the next request may go out; in the past when it may at once. */
  get readyAt(): number {
    return this.#exact?.readyAt ?? this.#tat - LATE_MS;
  }

  /** Requests a second at this moment. */
  perSecond(now: number): number {
    if (this.#quota !== undefined) return (this.#quota.count * 1_000) / this.#quota.per;
    const t = Math.max(0, now - this.#growsFrom) / 1_000;
    const k = this.#k;
    const top = TOP * this.#old;
    if (t < k) return top - (TOP - BETA) * this.#old * ((k - t) / k) ** 3;
    return Math.max(top, Math.min(top + GROWTH * (t - k) ** 3, 2 * this.#measured(now)));
  }

  /** A request goes out; the caller has looked at `readyAt`. */
  take(now: number): void {
    this.#sent.add(now, RECENT_MS);
    this.#sentInAll += 1;
    if (this.#exact !== undefined) this.#exact.take(now);
    else this.#tat = Math.max(now, this.#tat) + 1_000 / this.perSecond(now);
  }

  throttled(event: Throttling): void {
    const { now, waitMs } = event;
    const active = Math.max(0, now - this.#growsFrom);
    const whole = now - this.#since + waitMs;
    // Where it mostly has to wait, the quota is for longer than it could send: the mean over all of it counts.
    this.#old =
      active < whole / 2
        ? Math.min(this.perSecond(now), perSecond(this.#sentInAll, whole))
        : Math.min(this.perSecond(now), Math.max(this.#measured(now), this.#old * BETA));
    this.#begin(event, LONG);
  }

  #begin({ now, waitMs, quota }: Throttling, coolDowns: number): void {
    this.#old = Math.max(SLOWEST_PER_SECOND, this.#old);
    this.#k = Math.max(Math.cbrt((this.#old * (TOP - BETA)) / GROWTH), (coolDowns * waitMs) / 1_000);
    this.#growsFrom = now + waitMs;
    this.#since = now;
    this.#sentInAll = 0;
    if (quota === undefined) return;
    this.#quota = quota;
    this.#exact = new Gcra(quota);
  }

  #measured(now: number): number {
    const ms = Math.min(RECENT_MS, Math.max(LEAST_MS, now - this.#growsFrom));
    return (this.#sent.within(now, RECENT_MS) * 1_000) / ms;
  }
}

function perSecond(count: number, ms: number): number {
  return (Math.max(1, count) * 1_000) / Math.max(LEAST_MS, ms);
}
