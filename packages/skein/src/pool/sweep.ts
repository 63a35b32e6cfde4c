import type { CoarseTime } from "../connection/connection.ts";
import type { Clock, Timer } from "../core/clock.ts";

/** How often timeouts are looked at, in milliseconds: so much later than asked may one fire. */
const SWEEP_INTERVAL_MS = 25;

/** A gap this long means that the event loop was blocked: bytes that came meanwhile have not been read yet. */
const BLOCKED_MS = 20 * SWEEP_INTERVAL_MS;

/**
 * One timer for all timeouts of a pool, in the place of several a request; and the time of its last tick, which is
 * near enough for them. It runs while there is something to watch, and keeps the process alive only while a call is
 * in flight: idle connections do not.
 */
export class Sweep implements CoarseTime {
  now: number;
  readonly #clock: Clock;
  readonly #check: (now: number) => boolean;
  #timer: Timer | undefined;
  #held = false;

  /** @param check looks at all timeouts, and says whether there is more to watch */
  constructor(clock: Clock, check: (now: number) => boolean) {
    this.#clock = clock;
    this.#check = check;
    this.now = clock.now();
  }

  /** Starts ticking, if it does not already. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.now = this.#clock.now();
    this.#arm();
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
    this.#timer = this.#clock.setTimer(() => this.#tick(), SWEEP_INTERVAL_MS);
    if (!this.#held) this.#timer.unref();
  }

  #tick(): void {
    const before = this.now;
    this.now = this.#clock.now();
    this.#timer = undefined;
    // After a block, first let the loop read what has arrived: what is still silent then has timed out.
    const more = this.now - before > BLOCKED_MS || this.#check(this.now);
    if (more && this.#timer === undefined) this.#arm();
  }
}
