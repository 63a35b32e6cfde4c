import type { Clock, Timer } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import { AbortError, Overloaded, TotalTimeout } from "../../core/errors.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { ConcurrencyLaw } from "../../policy/concurrency-law.ts";
import { PriorityLine } from "../../policy/priority-line.ts";

export interface LimitGateBounds {
  /** The most requests in flight that it may come to. */
  readonly max: number;
  /** How long a call may wait, in milliseconds. */
  readonly maxWait: number;
  /** How many may wait. */
  readonly maxWaiting: number;
}

interface Waiter {
  /** Whether it still waits. */
  waits: boolean;
  go(): void;
}

/** Lets as many through at once as the law says; the others wait, the higher priority first. */
export class LimitGate {
  readonly #clock: Clock;
  readonly #law: ConcurrencyLaw;
  readonly #bounds: LimitGateBounds;
  readonly #line = new PriorityLine<Waiter>();
  #inFlight = 0;
  #waiting = 0;

  constructor(bounds: LimitGateBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#law = new ConcurrencyLaw(bounds.max);
  }

  get state(): { readonly limit: number; readonly inFlight: number; readonly waiting: number } {
    return { limit: this.#law.limit, inFlight: this.#inFlight, waiting: this.#waiting };
  }

  /**
   * Takes a place. Resolves when the call has one; undefined: at once.
   *
   * @throws Overloaded when it may not wait, (rejects with it) when it has waited too long; TotalTimeout, AbortError
   */
  enter(context: RequestContext, what: string): Promise<void> | undefined {
    if (this.#waiting === 0 && this.#inFlight < this.#law.limit) {
      this.#inFlight += 1;
      return undefined;
    }
    const { maxWaiting, maxWait } = this.#bounds;
    if (context.isSpare) throw this.#overloaded(what, "a second request would have to wait");
    if (maxWait === 0) throw this.#overloaded(what, "calls may not wait");
    if (this.#waiting >= maxWaiting) throw this.#overloaded(what, `${this.#waiting} calls wait already`);
    return this.#wait(context, what);
  }

  /** What a request says of how many more there may be. */
  sample(good: boolean, ms: number): void {
    this.#law.ended({ now: this.#clock.now(), good, ms, inFlight: this.#inFlight });
    this.#open();
  }

  /** Gives the place back. */
  leave(): void {
    this.#inFlight -= 1;
    this.#open();
  }

  #wait(context: RequestContext, what: string): Promise<void> {
    const now = this.#clock.now();
    const { maxWait } = this.#bounds;
    return new Promise((resolve, reject) => {
      const end = () => {
        waiter.waits = false;
        this.#waiting -= 1;
        timer?.cancel();
        context.onCancel = undefined;
        context.stage = undefined;
      };
      const giveUp = (error: Error) => {
        end();
        this.#forgetEnded();
        reject(error);
      };
      const waiter: Waiter = {
        waits: true,
        go: () => {
          end();
          resolve();
        },
      };
      const timer = this.#timer(Math.min(context.deadline - now, maxWait), () => {
        const isLate = this.#clock.now() >= context.deadline;
        giveUp(isLate ? tooLate(context) : this.#overloaded(what, `it waited ${formatDuration(maxWait)}`));
      });
      context.stage = "waiting";
      context.onCancel = reason => giveUp(new AbortError(reason, { phase: "queue", requestSent: "none" }));
      this.#line.push(waiter, context.priority);
      this.#waiting += 1;
    });
  }

  #timer(ms: number, run: () => void): Timer | undefined {
    return ms === Number.POSITIVE_INFINITY ? undefined : this.#clock.setTimer(run, Math.max(0, ms));
  }

  #open(): void {
    while (this.#waiting > 0 && this.#inFlight < this.#law.limit) {
      const next = this.#line.shift()!;
      if (!next.waits) continue;
      this.#inFlight += 1;
      next.go();
    }
  }

  #forgetEnded(): void {
    if (this.#line.size > 2 * this.#waiting + 64) this.#line.keep(({ waits }) => waits);
  }

  #overloaded(what: string, because: string): Overloaded {
    const { limit } = this.#law;
    const requests = limit === 1 ? "1 request" : `${limit} requests`;
    return new Overloaded(
      "OVERLOADED",
      `held back by the limit ${what}, ${requests} at once for now: ${because}`,
      {
        phase: "queue",
        requestSent: "none",
      },
    );
  }
}

function tooLate(context: RequestContext): TotalTimeout {
  const reason = `not finished within ${formatDuration(context.timeouts.total)}; it waited for its turn under the adaptive limit`;
  return new TotalTimeout("TOTAL_TIMEOUT", reason, { phase: "queue", requestSent: "none" });
}
