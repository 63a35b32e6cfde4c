import type { Clock, Timer } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import { AbortError, LocalRateLimited } from "../../core/errors.ts";
import { Fifo } from "../../core/fifo.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { Gcra } from "../../policy/gcra.ts";
import type { NormalizedRate } from "../../policy/rate.ts";

export interface RateGateLimits {
  /** How long a call may wait, in milliseconds; `Infinity` where only its deadline ends it. */
  readonly maxWait: number;
  /** How many may wait. */
  readonly maxWaiting: number;
}

interface Waiter {
  /** Whether it still waits. */
  waits: boolean;
  go(): void;
}

/** Lets calls through at a rate, in their order; who would wait too long is told at once. One timer for all who wait. */
export class RateGate {
  readonly #clock: Clock;
  readonly #gcra: Gcra;
  readonly #interval: number;
  readonly #limits: RateGateLimits;
  readonly #line = new Fifo<Waiter>();
  #waiting = 0;
  #timer: Timer | undefined;

  constructor(rate: NormalizedRate, limits: RateGateLimits, clock: Clock) {
    this.#clock = clock;
    this.#gcra = new Gcra(rate);
    this.#interval = rate.per / rate.count;
    this.#limits = limits;
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether it is as good as new. */
  isQuiet(now: number): boolean {
    return this.#waiting === 0 && this.#gcra.idleAt <= now;
  }

  /**
   * Resolves when the call may go; undefined: at once.
   *
   * @throws LocalRateLimited where its turn would come too late; (rejects with) AbortError when it is cancelled
   */
  enter(context: RequestContext, what: string): Promise<void> | undefined {
    const now = this.#clock.now();
    if (this.#waiting === 0 && this.#gcra.readyAt <= now) {
      this.#gcra.take(now);
      return undefined;
    }
    this.#refuseHopeless(context, what, now);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        waits: true,
        go: () => {
          context.onCancel = undefined;
          context.stage = undefined;
          resolve();
        },
      };
      context.stage = "waiting";
      context.onCancel = reason => {
        waiter.waits = false;
        this.#left();
        context.stage = undefined;
        reject(new AbortError(reason, { phase: "queue", requestSent: "none" }));
      };
      this.#line.push(waiter);
      this.#waiting += 1;
      this.#setTimer(now);
    });
  }

  #refuseHopeless(context: RequestContext, what: string, now: number): void {
    const { maxWait, maxWaiting } = this.#limits;
    const wait = Math.max(0, this.#gcra.readyAt - now) + this.#waiting * this.#interval;
    const because = context.isSpare
      ? "a second request would have to wait"
      : this.#waiting >= maxWaiting
        ? `${this.#waiting} calls wait already`
        : wait > maxWait
          ? `it would wait ${formatDuration(wait)}, and may wait ${formatDuration(maxWait)}`
          : now + wait >= context.deadline
            ? `it would wait ${formatDuration(wait)}, longer than it has time`
            : undefined;
    if (because === undefined) return;
    const error = new LocalRateLimited(
      "LOCAL_RATE_LIMITED",
      `held back by the rate limit ${what}: ${because}`,
      {
        phase: "queue",
        requestSent: "none",
      },
    );
    throw Object.assign(error, { retryAfterMs: Math.ceil(wait) });
  }

  #setTimer(now: number): void {
    if (this.#timer !== undefined || this.#waiting === 0) return;
    this.#timer = this.#clock.setTimer(() => this.#open(), Math.max(1, Math.ceil(this.#gcra.readyAt - now)));
  }

  #open(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    while (this.#waiting > 0 && this.#gcra.readyAt <= now) {
      const next = this.#line.shift()!;
      if (!next.waits) continue;
      this.#gcra.take(now);
      this.#waiting -= 1;
      next.go();
    }
    this.#setTimer(now);
  }

  #left(): void {
    this.#waiting -= 1;
    if (this.#line.size > 2 * this.#waiting + 64) this.#line.keep(waiter => waiter.waits);
    if (this.#waiting > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
