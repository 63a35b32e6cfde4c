/**
 * How much may be tried again. Each retry costs tokens, each success gives some back, and a few come back by themselves:
 * single failures are tried again at once, while an outage is not answered with twice the load. One purse for all that a client
 * sends, and a smaller one for each origin, so that one that is down does not use up what the others need.
 */

const RETRY_COST = 5;
/** A try that timed out has kept both sides busy for long. */
const TIMEOUT_COST = 10;

/** What a retry costs, in tokens. */
export function retryCost(afterTimeout: boolean): number {
  return afterTimeout ? TIMEOUT_COST : RETRY_COST;
}

/** The purses of a budget, in tokens. */
export interface RetryBudgetLimits {
  /** Of all origins together. */
  readonly total: number;
  /** Of each origin. */
  readonly perOrigin: number;
  /** What comes back with a success. */
  readonly perSuccess: number;
  /** What comes back by itself, so that work is never stranded. */
  readonly perSecond: number;
}

/**
 * Of each origin of a batch. There a retry is no load beside the rest: it takes the place of another task among those in
 * flight, or within the rate. What the purse is to keep short is the work that is wasted on an origin that fails.
 *
 * A success gives back twice what the dearest retry costs: that pays for all of them while up to four of five requests fail (two
 * of three, where they time out), and after an outage, when nothing is left but tasks to try again, each round pays for one
 * twice as large. At the end of a list those are left that fail whatever is done, and nothing that gives tokens back: so the
 * purse holds 200 retries, and one more comes back each second. None is shared by all origins: one that is down must not
 * hold up the others.
 */
export const BATCH_RETRY_BUDGET: Omit<RetryBudgetLimits, "total"> = Object.freeze({
  perOrigin: 1_000,
  perSuccess: 2 * TIMEOUT_COST,
  perSecond: RETRY_COST,
});

const DEFAULT_RETRY_BUDGET: RetryBudgetLimits = Object.freeze({
  total: 500,
  perOrigin: 100,
  perSuccess: 0.5,
  perSecond: 1,
});

/** What those who try again need of a budget. */
export interface RetryPurse extends Pick<RetryBudget, "isFull" | "take" | "succeeded"> {
  /** Undefined while nothing was ever taken from one that is loaded when needed. */
  left(now: number): { readonly total: number } | undefined;
}

/** After so many origins, those whose purse is full again are forgotten: they are as new ones. */
const SWEEP_AT = 1_000;

export class RetryBudget {
  /** Whether every purse is full, as far as is known: then a success has nothing to give back. */
  isFull = true;
  readonly #limits: RetryBudgetLimits;
  readonly #total: Purse;
  readonly #origins = new Map<string, Purse>();
  #sweepAt = SWEEP_AT;

  constructor(limits: RetryBudgetLimits = DEFAULT_RETRY_BUDGET) {
    this.#limits = limits;
    this.#total = new Purse(limits.total, limits.perSecond);
  }

  /**
   * Takes what a retry costs, from both purses or from none.
   *
   * @param now milliseconds of a monotonic clock
   * @returns 0 when it may be sent, else in how many milliseconds there is enough if nothing else happens
   */
  take(origin: string, afterTimeout: boolean, now: number): number {
    const cost = retryCost(afterTimeout);
    const own = this.#purseOf(origin, now);
    const wait = Math.max(this.#total.waitFor(cost, now), own.waitFor(cost, now));
    if (wait > 0) return wait;
    this.isFull = false;
    this.#total.spend(cost, now);
    own.spend(cost, now);
    return 0;
  }

  /** To be called when `isFull` says that there is something to give back; costs nothing otherwise. */
  succeeded(origin: string, now: number): void {
    const { perSuccess } = this.#limits;
    const own = this.#origins.get(origin);
    own?.give(perSuccess, now);
    if (own?.isFullAt(now) === true) this.#origins.delete(origin);
    this.#total.give(perSuccess, now);
    this.isFull = this.#origins.size === 0 && this.#total.isFullAt(now);
  }

  /** Tokens left, of all and of one origin. */
  left(now: number, origin?: string): { readonly total: number; readonly origin: number } {
    const own = origin === undefined ? undefined : this.#origins.get(origin);
    return { total: this.#total.at(now), origin: own === undefined ? this.#limits.perOrigin : own.at(now) };
  }

  /** Origins that are remembered, as they have something to get back. */
  get size(): number {
    return this.#origins.size;
  }

  #purseOf(origin: string, now: number): Purse {
    let purse = this.#origins.get(origin);
    if (purse === undefined) {
      if (this.#origins.size >= this.#sweepAt) this.#forgetFull(now);
      purse = new Purse(this.#limits.perOrigin, this.#limits.perSecond);
      this.#origins.set(origin, purse);
    }
    return purse;
  }

  #forgetFull(now: number): void {
    for (const [origin, purse] of this.#origins) if (purse.isFullAt(now)) this.#origins.delete(origin);
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#origins.size);
  }
}

/** Tokens that are spent, given back, and come back by themselves. */
export class Purse {
  readonly #most: number;
  readonly #perMs: number;
  #tokens: number;
  #countedAt = 0;

  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perMs = perSecond / 1_000;
    this.#tokens = most;
  }

  at(now: number): number {
    return Math.min(this.#most, this.#tokens + Math.max(0, now - this.#countedAt) * this.#perMs);
  }

  isFullAt(now: number): boolean {
    return this.#most - this.at(now) < 1e-6;
  }

  /** When it is full, if nothing is spent; in the past when it is. */
  get fullAt(): number {
    return this.readyAt(this.#most);
  }

  /** From when there is enough for `cost`, if nothing else is spent; in the past when there is. */
  readyAt(cost: number): number {
    const missing = Math.min(cost, this.#most) - this.#tokens;
    return missing < 1e-6
      ? Number.NEGATIVE_INFINITY
      : this.#countedAt + Math.ceil(missing / this.#perMs - 1e-3);
  }

  waitFor(cost: number, now: number): number {
    const missing = Math.min(cost, this.#most) - this.at(now);
    // A sum of fractions may fall short by a hair: nobody waits for that.
    return missing < 1e-6 ? 0 : Math.ceil(missing / this.#perMs - 1e-3);
  }

  spend(cost: number, now: number): void {
    this.#tokens = Math.max(0, this.at(now) - cost);
    this.#countedAt = now;
  }

  give(tokens: number, now: number): void {
    this.#tokens = Math.min(this.#most, this.at(now) + tokens);
    this.#countedAt = now;
  }
}
