/** The end of a request. */
export interface LoadSample {
  readonly now: number;
  /** Answered; or refused for load (429, 503), or broken off on the way. */
  readonly good: boolean;
  /** From sending to answer. */
  readonly ms: number;
  /** Requests in flight, this one among them. */
  readonly inFlight: number;
}

const START = 2;
const WINDOW_MS = 250;
const WINDOW_OUTCOMES = 10;
const LONGEST_WINDOW_MS = 10_000;
const BASES = 240;
/** Standard errors that are added to a base: the least of many means of few samples is too low by about as much. */
const DOUBT = 1;
const BAD_SHARE = 0.02;

/**
 * How many requests an origin can have in flight: found out by what they take. By Little's law, as in TCP Vegas: of `L` in
 * flight whose time has grown from `base` to `mean`, about `L · (1 − base/mean)` stand in a queue. A few in the queue keep a
 * server busy, more only wait there: so the limit grows while the queue is short, and shrinks when it is long. The bounds go
 * with √L, as the spread of the number that a server of that size works on.
 *
 * It starts small and doubles until a queue shows. Decisions are made at the ends of windows; the first is dropped, for
 * its requests opened connections.
 */
export class ConcurrencyLaw {
  readonly #max: number;
  readonly #bases: number[] = [];
  #limit: number;
  #slowStart = true;
  #isFirst = true;
  #window = newWindow();

  constructor(max: number) {
    this.#max = max;
    this.#limit = Math.min(START, max);
  }

  /** Requests that may be in flight; at least 1. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** The origin asked to be left alone. */
  halve(): void {
    this.#slowStart = false;
    this.#limit = Math.max(1, this.#limit / 2);
  }

  ended({ now, good, ms, inFlight }: LoadSample): void {
    const window = this.#window;
    if (good) {
      window.good += 1;
      window.sum += ms;
      window.squares += ms * ms;
    } else window.bad += 1;
    window.since = Math.min(window.since, now - ms);
    window.mostInFlight = Math.max(window.mostInFlight, inFlight);
    if (this.#isOver(window, now)) this.#decide(window);
  }

  /** In slow start a round of requests is enough: a short run must not be spent on it. */
  #isOver(window: Window, now: number): boolean {
    const age = now - window.since;
    const count = window.good + window.bad;
    if (this.#slowStart) return count >= Math.max(WINDOW_OUTCOMES, this.#limit) || age >= LONGEST_WINDOW_MS;
    return (age >= WINDOW_MS && count >= WINDOW_OUTCOMES) || age >= LONGEST_WINDOW_MS;
  }

  #decide(window: Window): void {
    this.#window = newWindow();
    if (window.bad / (window.good + window.bad) > BAD_SHARE) return this.#backOff();
    if (this.#isFirst) {
      this.#isFirst = false;
      return;
    }
    const mean = window.sum / window.good;
    this.#bases.push(mean + DOUBT * standardError(window, mean));
    if (this.#bases.length > BASES) this.#bases.shift();
    // Who does not use the limit learns nothing about it.
    if (window.mostInFlight >= this.#limit / 2) this.#follow(Math.min(1, Math.min(...this.#bases) / mean));
  }

  #backOff(): void {
    this.#slowStart = false;
    this.#limit = Math.max(1, 0.85 * this.#limit);
  }

  /** @param speed base ÷ mean: 1 where nothing waits */
  #follow(speed: number): void {
    const limit = this.#limit;
    const queued = limit * (1 - 1.05 * speed);
    if (this.#slowStart) return this.#double(queued, speed);
    const spread = Math.sqrt(limit);
    if (queued < Math.max(1, 0.5 * spread))
      this.#limit = Math.min(this.#max, limit + Math.max(0.5, 0.05 * limit));
    else if (queued > Math.max(2, 1.5 * spread))
      this.#limit = Math.max(1, limit * Math.max(0.8, 1 - (queued - 1.5 * spread) / limit));
  }

  #double(queued: number, speed: number): void {
    if (queued > Math.max(2, 0.15 * this.#limit)) {
      this.#slowStart = false;
      this.#limit = Math.max(1, 1.05 * this.#limit * speed);
    } else this.#limit = Math.min(this.#max, 2 * this.#limit);
  }
}

interface Window {
  since: number;
  good: number;
  bad: number;
  sum: number;
  squares: number;
  mostInFlight: number;
}

function standardError({ good, squares }: Window, mean: number): number {
  return Math.sqrt(Math.max(0, squares / good - mean * mean) / good);
}

function newWindow(): Window {
  return { since: Number.POSITIVE_INFINITY, good: 0, bad: 0, sum: 0, squares: 0, mostInFlight: 0 };
}
