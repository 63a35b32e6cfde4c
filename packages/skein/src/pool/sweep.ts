import type { CoarseTime } from "../connection/connection.ts";
import type { Clock, Timer } from "../core/clock.ts";

/** How often timeouts are looked at, in milliseconds: so much later than asked may one fire. */
const SWEEP_INTERVAL_MS = 25;

/** A step of the time that is longer means that the event loop was blocked, or the process stopped. */
const BLOCKED_MS = 4 * SWEEP_INTERVAL_MS;

/**
 * One timer for all timeouts of a pool, in the place of several a request; and the time that connections and pool go
 * by: that of the last tick or the last request, which is near enough. It runs while there is something to watch, and
 * keeps the process alive only while a call is in flight: idle connections do not.
 *
 * No block of the event loop is taken for the silence of a server. A tick has two steps, with a turn of the loop between
 * them: what has arrived by the first one is read before the second one looks who has been silent. If that turn was
 * blocked as well, what arrived meanwhile is given one more. And what was noted during a block, with the time from before
 * it, counts as noted at its end (`since`).
 */
export class Sweep implements CoarseTime {
  now: number;
  blocked = 0;
  readonly #clock: Clock;
  readonly #check: (now: number) => boolean;
  #timer: Timer | undefined;
  #held = false;
  /** The last block: times noted as `from` were between the two. */
  #lastBlock = { from: Number.NaN, to: Number.NaN };

  /** @param check looks at all timeouts, and says whether there is more to watch */
  constructor(clock: Clock, check: (now: number) => boolean) {
    this.#clock = clock;
    this.#check = check;
    this.now = clock.now();
  }

  /** Starts ticking, if it does not already; and reads the clock. */
  start(): void {
    if (this.#timer !== undefined) return this.#step();
    this.now = this.#clock.now();
    this.#arm();
  }

  since(time: number): number {
    return this.now - (time === this.#lastBlock.from ? this.#lastBlock.to : time);
  }

  /** Whether calls are in flight, so that the process must stay. */
  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    if (held) this.#timer?.ref();
    else this.#timer?.unref();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#setTimer(() => this.#tick(), SWEEP_INTERVAL_MS);
  }

  /** First what has arrived is read, in the turn of the loop that a timer of no time leaves. */
  #tick(): void {
    this.#step();
    const { blocked } = this;
    this.#setTimer(() => {
      this.#step();
      if (this.blocked === blocked) this.#look();
      else this.#setTimer(() => this.#look(), 0);
    }, 0);
  }

  #look(): void {
    this.#step();
    this.#timer = undefined;
    if (this.#check(this.now) && this.#timer === undefined) this.#arm();
  }

  #step(): void {
    const from = this.now;
    this.now = this.#clock.now();
    if (this.now - from <= BLOCKED_MS) return;
    this.blocked += this.now - from;
    this.#lastBlock = { from, to: this.now };
  }

  #setTimer(run: () => void, delayMs: number): void {
    this.#timer = this.#clock.setTimer(run, delayMs);
    if (!this.#held) this.#timer.unref();
  }
}
