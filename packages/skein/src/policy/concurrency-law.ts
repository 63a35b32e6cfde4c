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
/** In slow start, where they are soon replaced by better ones. */
const FEWEST_OUTCOMES = 5;
const LONGEST_WINDOW_MS = 10_000;
const BASES = 240;
const BAD_SHARE = 0.02;
/** What a limit grows by when a window shows no queue; from the third such window in a row on, more each time. */
const GROWTH = 0.05;
/** So long after the last time, half as many are sent for a window: a server that is always busy never shows its base. */
const PROBE_EVERY_MS = 30_000;
/** And not sooner than after so many times what that takes: it must not cost more than 1 or 2 % of the throughput. */
const PROBE_SHARE = 50;
const FASTER = 1.5;

/**
 * How many requests an origin can have in flight: found out by what they take. By Little's law, as in TCP Vegas: of `L` in
 * flight whose time has grown from `base` to `mean`, about `L · (1 − base/mean)` stand in a queue. A few in the queue keep a
 * server busy, more only wait there: so the limit grows while the queue is short, and shrinks when it is long. The bounds go
 * with √L, as the spread of the number that a server of that size works on.
 *
 * It starts small and doubles until a queue shows. Decisions are made at the ends of windows; the first is dropped, for
 * its requests opened connections. After a step nothing is looked at until it shows: the queue of before must have drained,
 * and of requests that begin together the quick ones end first, so that their times are too short. That takes as long as a
 * request does where all take the same, and up to three times as long where they vary.
 */
export class ConcurrencyLaw {
  readonly #max: number;
  readonly #bases = new Bases();
  #limit: number;
  #slowStart = true;
  #isFirst = true;
  /** Windows in a row that let it grow. */
  #streak = 0;
  /** With so many in flight it was refused last: up to there it may hurry, beyond it goes step by step. */
  #refusedAt = Number.POSITIVE_INFINITY;
  /** How long a step takes to show. */
  #settling = 0;
  #changedAt = Number.NEGATIVE_INFINITY;
  #settledAt = Number.NEGATIVE_INFINITY;
  #probedAt = Number.NEGATIVE_INFINITY;
  /** The limit to come back to, while half of it is in force. */
  #probing: number | undefined;
  #window = new Window();

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
    this.#refused(0.5);
  }

  ended(sample: LoadSample): void {
    const { now } = sample;
    if (now < this.#settledAt && !this.#isTooMuch(sample)) return;
    const window = this.#window;
    window.add(sample);
    if (!this.#isOver(window, now)) return;
    this.#window = new Window();
    const before = this.#limit;
    this.#decide(window, now);
    // A window in which nothing went well says nothing of it.
    if (window.settling > 0) this.#settling = window.settling;
    if (this.#limit === before) return;
    this.#changedAt = now;
    this.#settledAt = now + this.#settling;
  }

  /** It has doubled too far: the sooner that is taken back the better. */
  #isTooMuch({ now, good, ms }: LoadSample): boolean {
    return this.#slowStart && !good && now - ms >= this.#changedAt;
  }

  /** In slow start half a round of requests is enough: a short run must not be spent on it. */
  #isOver(window: Window, now: number): boolean {
    const age = now - window.since;
    if (this.#slowStart && window.bad > 0) return true;
    if (age >= LONGEST_WINDOW_MS) return true;
    const outcomes = this.#isFirst ? START : this.#slowStart ? FEWEST_OUTCOMES : WINDOW_OUTCOMES;
    return window.count >= Math.max(outcomes, this.#limit / 2) && (this.#slowStart || age >= WINDOW_MS);
  }

  #decide(window: Window, now: number): void {
    if (window.bad / window.count > BAD_SHARE) return this.#refused(this.#slowStart ? 0.5 : 0.85);
    if (this.#isFirst) {
      this.#isFirst = false;
      return;
    }
    this.#bases.add(window);
    if (this.#probing !== undefined) return this.#endProbe(now);
    // Who does not use the limit learns nothing about it.
    if (window.mostInFlight < this.#limit / 2) return;
    if (this.#slowStart) this.#probedAt = now;
    const pause = Math.max(PROBE_EVERY_MS, PROBE_SHARE * this.#settling);
    if (now - this.#probedAt < pause || this.#limit < START) return this.#follow(window);
    this.#probing = this.#limit;
    this.#limit /= 2;
  }

  #endProbe(now: number): void {
    this.#limit = this.#probing!;
    this.#probing = undefined;
    this.#probedAt = now;
  }

  #refused(factor: number): void {
    this.#slowStart = false;
    this.#probing = undefined;
    this.#streak = 0;
    this.#refusedAt = this.#limit;
    this.#limit = Math.max(1, factor * this.#limit);
  }

  #follow(window: Window): void {
    const limit = this.#limit;
    const speed = Math.min(1, this.#bases.least / window.mean);
    const queued = limit * (1 - 1.05 * speed);
    if (this.#slowStart) return this.#double(window, speed);
    const spread = Math.sqrt(limit);
    if (queued < Math.max(1, 0.5 * spread)) return this.#grow();
    this.#streak = 0;
    if (queued > Math.max(2, 1.5 * spread))
      this.#limit = Math.max(1, limit * Math.max(0.8, 1 - (queued - 1.5 * spread) / limit));
  }

  #grow(): void {
    const limit = this.#limit;
    this.#streak += 1;
    if (limit > this.#refusedAt) this.#refusedAt = Number.POSITIVE_INFINITY;
    const faster = Math.min(1, GROWTH * FASTER ** Math.max(0, this.#streak - 2));
    const slow = limit + Math.max(0.5, GROWTH * limit);
    this.#limit = Math.min(this.#max, Math.max(slow, Math.min(limit * (1 + faster), 0.9 * this.#refusedAt)));
  }

  #double(window: Window, speed: number): void {
    const limit = this.#limit;
    // What may be chance is no queue: who stops here has a long way to go step by step.
    const surely = Math.min(
      1,
      this.#bases.least / Math.max(window.mean - 2 * window.error, this.#bases.least),
    );
    if (limit * (1 - 1.05 * surely) > Math.max(2, 0.15 * limit)) {
      this.#slowStart = false;
      this.#limit = Math.max(1, 1.05 * limit * speed);
    } else this.#limit = Math.min(this.#max, 2 * limit);
  }
}

/** Requests that ended under one limit. */
class Window {
  since = Number.POSITIVE_INFINITY;
  bad = 0;
  mostInFlight = 0;
  #good = 0;
  #sum = 0;
  #squares = 0;

  get count(): number {
    return this.#good + this.bad;
  }

  get mean(): number {
    return this.#sum / this.#good;
  }

  /** The standard error of the mean. */
  get error(): number {
    const { mean } = this;
    return Math.sqrt(Math.max(0, this.#squares / this.#good - mean * mean) / this.#good);
  }

  /** The mean, and two of its standard deviations at most. */
  get settling(): number {
    const { mean } = this;
    return mean + 2 * Math.min(mean, this.error * Math.sqrt(this.#good));
  }

  add({ now, good, ms, inFlight }: LoadSample): void {
    if (good) {
      this.#good += 1;
      this.#sum += ms;
      this.#squares += ms * ms;
    } else this.bad += 1;
    this.since = Math.min(this.since, now);
    this.mostInFlight = Math.max(this.mostInFlight, inFlight);
  }
}

interface Base {
  readonly count: number;
  readonly mean: number;
  readonly error: number;
}

/**
 * What a request takes where nothing waits: the least mean of the last windows. The least of `k` means is too low, by about
 * √(2 ln k) of their standard errors; without that a server whose times vary much would seem to have a queue for ever.
 */
class Bases {
  #bases: Base[] = [];

  /** A window of few says little beside one of many. */
  add({ count, mean, error }: Window): void {
    this.#bases = this.#bases.filter(base => base.count * 4 >= count);
    this.#bases.push({ count, mean, error });
    if (this.#bases.length > BASES) this.#bases.shift();
  }

  get least(): number {
    const doubt = Math.sqrt(2 * Math.log(this.#bases.length));
    return Math.min(...this.#bases.map(({ mean, error }) => mean + doubt * error));
  }
}
