import { CircuitBreaker, type CircuitBreakerRules, type Permit } from "../../policy/circuit-breaker.ts";
import { GIVE_UP_MS } from "../../policy/cool-down.ts";
import type { Outcome } from "../../policy/outcome.ts";

/** One that has not answered once is a wrong address rather than an outage: nobody waits a quarter of an hour for it. */
const NEVER_ANSWERED_MS = 60_000;
/** So long an open circuit is remembered while the origin has no tasks. */
const REMEMBERED_MS = 60_000;

/**
 * Whether an origin fails: its tasks then wait for the breaker's probes, and are given up when those fail for long.
 *
 * A task that fails for the second time counts only where nothing goes well: at the end of a list those are left that fail
 * whatever is done, and would look like an outage.
 */
export class LaneCircuit {
  readonly #breaker: CircuitBreaker;
  readonly #windowMs: number;
  readonly #minOutcomes: number;
  #hasAnswered: boolean;
  #badInARow = 0;
  #failingSince: number | undefined;
  /** When the circuit was opened, where there has been no good answer since. */
  #openedAt: number | undefined;
  /** What the last bad attempt ended with. */
  lastFailure: unknown;
  /** A probe failed, long after the last good answer: who waits fails, and who comes is not let wait. */
  isGivenUp = false;
  /** Until when there is something to remember. */
  idleAt = Number.NEGATIVE_INFINITY;

  /** @param goodBefore what it has answered well before, in the last window and at all */
  constructor(random: () => number, rules: CircuitBreakerRules, goodBefore: { recent: number; now: number }) {
    this.#breaker = new CircuitBreaker(random, rules);
    this.#breaker.countGood(goodBefore.recent, goodBefore.now);
    this.#hasAnswered = goodBefore.recent > 0;
    this.#windowMs = rules.windowMs;
    this.#minOutcomes = rules.minOutcomes;
  }

  /** From when a task may start; `Infinity` while probes are out. */
  get readyAt(): number {
    const { readyAt } = this.#breaker;
    if (this.#openedAt === undefined || this.isGivenUp || readyAt === Number.POSITIVE_INFINITY)
      return readyAt;
    // The last probe comes when patience ends, not minutes later.
    return Math.min(readyAt, this.#openedAt + this.#patience);
  }

  /** Since when there has been no good answer, where that is given up. */
  get failingSince(): number | undefined {
    return this.#failingSince;
  }

  /** Whether it is not known to work: it is probed, or nothing has gone well for many attempts, and it will be. */
  get isDoubtful(): boolean {
    return this.#openedAt !== undefined || this.#badInARow >= this.#minOutcomes;
  }

  pass(now: number): Permit {
    return this.#breaker.pass(now);
  }

  end(
    permit: Permit,
    end: { readonly outcome: Outcome; readonly now: number; readonly failure?: unknown },
    isRetry: boolean,
  ): void {
    const { outcome, now } = end;
    if (isRetry && outcome === "bad" && !this.isDoubtful) return;
    this.#breaker.end(permit, outcome, now);
    if (outcome === "good") this.#answered();
    else if (outcome === "bad") this.#failed(end.failure, now);
  }

  get #patience(): number {
    return this.#hasAnswered ? GIVE_UP_MS : NEVER_ANSWERED_MS;
  }

  #answered(): void {
    this.#hasAnswered = true;
    this.#badInARow = 0;
    this.#failingSince = undefined;
    this.#openedAt = undefined;
    this.lastFailure = undefined;
    this.isGivenUp = false;
  }

  #failed(failure: unknown, now: number): void {
    this.lastFailure = failure;
    this.#badInARow += 1;
    this.#failingSince ??= now;
    const { readyAt } = this.#breaker;
    if (readyAt > now) {
      this.#openedAt ??= now;
      if (now - this.#openedAt >= this.#patience) this.isGivenUp = true;
    }
    this.idleAt = Math.max(now + this.#windowMs, Number.isFinite(readyAt) ? readyAt + REMEMBERED_MS : now);
  }
}
