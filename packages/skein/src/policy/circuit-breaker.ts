/**
 * Whether an origin is worth asking. Its last ten seconds are counted; when half of at least twenty outcomes are bad it is
 * left alone for a while (open), then a few requests are let through to see (half-open): when enough of them went well it is
 * closed again, when one did not it is open for twice as long. Pure: told the time, and what happened.
 *
 *            bad ≥ half                 the time is over
 *   closed ─────────────▶ open ───────────────────────▶ half-open
 *     ▲                     ▲        a probe went badly     │ │
 *     │                     └───────────────────────────────┘ │
 *     └──────────────────── enough probes went well ──────────┘
 */

import type { Outcome } from "./outcome.ts";

export interface CircuitBreakerRules {
  /** Over how long outcomes are counted, in milliseconds. */
  readonly windowMs: number;
  /** With fewer outcomes in the window, nothing is decided. */
  readonly minOutcomes: number;
  /** The part of bad ones, 0 to 1, with which it opens. */
  readonly badRatio: number;
  /** How long it is open the first time; each time without a recovery, twice as long. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** How many probes must go well, in all, until it is closed. */
  readonly probes: number;
}

export const DEFAULT_BREAKER_RULES: CircuitBreakerRules = Object.freeze({
  windowMs: 10_000,
  minOutcomes: 20,
  badRatio: 0.5,
  openMs: 5_000,
  maxOpenMs: 300_000,
  probes: 5,
});

export type CircuitState = "closed" | "open" | "half-open";

/** The permit of what was sent before there was a breaker. */
export const FIRST_PERMIT = 0;

/** What a request was to the breaker when it was let through: its outcome counts for that, whatever has become of it since. */
export type Permit = number;

const SLOTS = 10;
/** So much more or less, by chance: callers that saw the same outage shall not come back together. */
const JITTER = 0.2;
const MOST_PROBES_AT_ONCE = 4;

export class CircuitBreaker {
  readonly #rules: CircuitBreakerRules;
  readonly #random: () => number;
  readonly #window: OutcomeWindow;
  #state: CircuitState = "closed";
  #openUntil = 0;
  /** How often in a row it has opened without having been closed. */
  #timesOpened = 0;
  /** Outcomes of requests let through before the last change of state are not the concern of this one. */
  #epoch: Permit = FIRST_PERMIT;
  #probing = 0;
  #probesAtOnce = 1;
  #goodProbes = 0;

  /** @param random a number in [0, 1) at each call */
  constructor(random: () => number, rules: CircuitBreakerRules = DEFAULT_BREAKER_RULES) {
    this.#rules = rules;
    this.#random = random;
    this.#window = new OutcomeWindow(rules.windowMs / SLOTS);
  }

  /** Good outcomes from before there was a breaker, of the last window. */
  countGood(count: number, now: number): void {
    this.#window.add(count, 0, now);
  }

  state(now: number): CircuitState {
    return this.#state === "open" && now >= this.#openUntil ? "half-open" : this.#state;
  }

  /** Whether it is as good as new: closed, and nothing was counted within the window. */
  isQuiet(now: number): boolean {
    return this.#state === "closed" && this.#timesOpened === 0 && this.#window.count(now).all === 0;
  }

  /** From when the next request may be let through: in the past when it may at once, `Infinity` while probes are out. */
  get readyAt(): number {
    if (this.#state === "open") return this.#openUntil;
    const isFree = this.#state === "closed" || this.#probing < this.#probesAtOnce;
    return isFree ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** As `readyAt`, but not before `now`. */
  mayPassAt(now: number): number {
    return Math.max(now, this.readyAt);
  }

  /** Lets a request through; only where `mayPassAt` allows it. Its end is told with `end`. */
  pass(now: number): Permit {
    if (this.state(now) === "closed") return this.#epoch;
    if (this.#state === "open") this.#beginProbing();
    this.#probing += 1;
    return this.#epoch;
  }

  end(permit: Permit, outcome: Outcome, now: number): void {
    if (permit !== this.#epoch) return;
    if (this.#state === "half-open") return this.#endProbe(outcome, now);
    if (outcome === "unknown") return;
    this.#window.add(1, outcome === "bad" ? 1 : 0, now);
    const { minOutcomes, badRatio } = this.#rules;
    if (outcome === "good") return;
    const { all, bad } = this.#window.count(now);
    if (all >= minOutcomes && bad >= badRatio * all) this.#open(now);
  }

  #endProbe(outcome: Outcome, now: number): void {
    this.#probing -= 1;
    if (outcome === "bad") return this.#open(now);
    if (outcome === "unknown") return;
    this.#goodProbes += 1;
    this.#probesAtOnce = Math.min(MOST_PROBES_AT_ONCE, 2 * this.#probesAtOnce);
    if (this.#goodProbes >= this.#rules.probes) this.#close();
  }

  #open(now: number): void {
    const { openMs, maxOpenMs } = this.#rules;
    const time = Math.min(maxOpenMs, openMs * 2 ** this.#timesOpened);
    this.#timesOpened += 1;
    this.#openUntil = now + time * (1 - JITTER + 2 * JITTER * this.#random());
    this.#enter("open");
  }

  #beginProbing(): void {
    this.#probing = 0;
    this.#probesAtOnce = 1;
    this.#goodProbes = 0;
    this.#enter("half-open");
  }

  #close(): void {
    this.#timesOpened = 0;
    this.#window.clear();
    this.#enter("closed");
  }

  #enter(state: CircuitState): void {
    this.#state = state;
    this.#epoch += 1;
  }
}

/** Good and bad outcomes of the last ten slots of time. */
class OutcomeWindow {
  readonly #slotMs: number;
  readonly #all = new Uint32Array(SLOTS);
  readonly #bad = new Uint32Array(SLOTS);
  /** The number of the newest slot, counted from the beginning of time. */
  #newest = Number.NEGATIVE_INFINITY;

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  add(all: number, bad: number, now: number): void {
    this.#forgetBefore(now);
    const index = this.#newest % SLOTS;
    this.#all[index]! += all;
    this.#bad[index]! += bad;
  }

  count(now: number): { readonly all: number; readonly bad: number } {
    this.#forgetBefore(now);
    let all = 0;
    let bad = 0;
    for (let index = 0; index < SLOTS; index++) {
      all += this.#all[index]!;
      bad += this.#bad[index]!;
    }
    return { all, bad };
  }

  clear(): void {
    this.#all.fill(0);
    this.#bad.fill(0);
  }

  /** All slots that have expired since the last time are emptied, not only the one that is written next. */
  #forgetBefore(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot <= this.#newest) return;
    const expired = Math.min(SLOTS, slot - this.#newest);
    for (let back = 0; back < expired; back++) {
      const index = (slot - back) % SLOTS;
      this.#all[index] = 0;
      this.#bad[index] = 0;
    }
    this.#newest = slot;
  }
}
