import type { Clock } from "../../core/clock.ts";
import { type Attempt, isSkeinError } from "../../core/errors.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";

/** The attempts of all hops of a call: the retry layer knows those of one. */
export class HopAttempts {
  readonly #clock: Clock;
  readonly #attempts: Attempt[] = [];
  /** When the present hop began. */
  #startedAt: number;
  #wasRetried = false;

  constructor(clock: Clock, { startedAt }: RequestContext) {
    this.#clock = clock;
    this.#startedAt = startedAt;
  }

  /** A hop has ended with a redirect. */
  add(response: Response): void {
    const now = this.#clock.now();
    if (response.attempts.length > 0) this.#wasRetried = true;
    this.#attempts.push(...(response.attempts.length > 0 ? response.attempts : [this.#only(response, now)]));
    this.#startedAt = now;
  }

  /** The last hop: where none was tried again, there is nothing to list. */
  end(response: Response): void {
    this.add(response);
    if (this.#wasRetried) response.attempts = this.#attempts;
  }

  /** A hop has failed. @throws its error, with the attempts of those before it */
  fail(error: unknown): never {
    if (isSkeinError(error) && error.attempts.length > 0)
      error.attempts = [...this.#attempts, ...error.attempts];
    throw error;
  }

  #only({ status, reused }: Response, now: number): Attempt {
    const durationMs = now - this.#startedAt;
    return { startedAt: this.#clock.wallNow() - durationMs, durationMs, status, reused };
  }
}
