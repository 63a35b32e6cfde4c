import { Histogram } from "./histogram.ts";

/**
 * When a second request is sent beside one that takes long, so that the slowest few of a hundred are not waited for. It is
 * sent later than 95 of them take, and paid for: so it can never be more than a twentieth of the load. Where many fail, slow
 * is no accident, and nothing is hedged.
 */

/** With fewer answers it is not known what takes long. */
const LEAST_SAMPLES = 100;
const LEAST_DELAY_MS = 20;
/** What each request pays in for hedges, which cost 1. */
const PER_REQUEST = 0.05;
const MOST_TOKENS = 10;
/** So many answers are remembered whole; older ones count for less and less. */
const MEMORY = 2_000;
/** After so many answers the percentiles are looked up anew. */
const REFRESH = 32;
/** The part of failures (a moving average) with which nothing is hedged. */
const TOO_BAD = 0.1;
const BAD_WEIGHT = 0.02;

/** What is known of one origin. */
export class HedgePlan {
  readonly #latency = new Histogram();
  #tokens = 0;
  #badness = 0;
  #delay: number | undefined;
  #sinceRefresh = 0;

  /** A request is about to be sent. */
  request(): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + PER_REQUEST);
  }

  /** After how many milliseconds without an answer a second one may be sent; undefined: not at all. */
  get delay(): number | undefined {
    return this.#tokens >= 1 && this.#badness <= TOO_BAD ? this.#delay : undefined;
  }

  /** Pays for a second request; false when there is not enough (any more). */
  pay(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** What was paid for was not sent. */
  refund(): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + 1);
  }

  /** An answer came after `ms`; `isGood` is false for those that say that something is wrong. */
  answered(ms: number, isGood: boolean): void {
    this.#badness += BAD_WEIGHT * ((isGood ? 0 : 1) - this.#badness);
    if (!isGood) return;
    this.#latency.record(ms);
    if (this.#latency.count >= MEMORY) this.#latency.decay(0.5);
    this.#sinceRefresh += 1;
    if (this.#sinceRefresh >= REFRESH || this.#delay === undefined) this.#refresh();
  }

  failed(): void {
    this.#badness += BAD_WEIGHT * (1 - this.#badness);
  }

  #refresh(): void {
    if (this.#latency.count < LEAST_SAMPLES) return;
    this.#sinceRefresh = 0;
    const [median, high] = [this.#latency.percentile(0.5), this.#latency.percentile(0.95)];
    this.#delay = Math.max(high, 1.5 * median, LEAST_DELAY_MS);
  }
}
