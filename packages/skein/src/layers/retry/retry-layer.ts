import type { Clock } from "../../core/clock.ts";
import {
  AbortError,
  type Attempt,
  HandlerError,
  isSkeinError,
  RetryBudgetExhausted,
  type SkeinError,
} from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { CallEvents, RequestContext, RetryEvent } from "../../core/request-context.ts";
import { Response } from "../../core/response.ts";
import { parseRetryAfter } from "../../core/retry-after.ts";
import type { Layer, Service } from "../../core/service.ts";
import {
  decideRetry,
  isRetryableStatus,
  type RefusalReason,
  type RetryDecision,
} from "../../policy/retry.ts";
import type { RetryPurse } from "../../policy/retry-budget.ts";
import { discardBody } from "../discard-body.ts";

/** Refusals that the caller would not guess from the failure itself. */
const WORTH_TELLING: ReadonlySet<RefusalReason> = new Set(["deadline", "not-replayable"]);

const BUDGET_SPENT = "the retry budget is used up: too much has failed of late";

/**
 * Tries a call again when it failed in a way that may pass, as often as `context.policies.attempts` says; when and why
 * is decided in policy/retry.ts, and paid from the budget. In the end it throws the last error, which lists every attempt, or
 * returns the last response: whether a status is an error is for the caller to say.
 */
export function retryLayer(clock: Clock, budget: RetryPurse): Layer {
  return inner => new RetryService(inner, clock, budget);
}

class RetryService implements Service {
  readonly #inner: Service;
  readonly #clock: Clock;
  readonly #budget: RetryPurse;

  constructor(inner: Service, clock: Clock, budget: RetryPurse) {
    this.#inner = inner;
    this.#clock = clock;
    this.#budget = budget;
  }

  /** Mostly the first answer is taken: what more there is to do stands apart, so that it costs nothing then. */
  send(request: Request, context: RequestContext): Promise<Response> {
    context.attempt = 1;
    context.record = undefined;
    return this.#inner.send(request, context).then(
      response => {
        if (isRetryableStatus(response.status)) return this.#goOn(response, request, context);
        if (!this.#budget.isFull) this.#budget.succeeded(request.url.origin.key, this.#clock.now());
        return response;
      },
      error => this.#goOn(error, request, context),
    );
  }

  async #goOn(first: unknown, request: Request, context: RequestContext): Promise<Response> {
    const attempts: Attempt[] = [];
    // The pool has looked at the clock when the attempt came to it; another transport has not.
    let startedAt = context.record?.enqueuedAt ?? context.startedAt;
    for (let outcome = first; ; ) {
      // What is no SkeinError is a bug, which another try would only repeat.
      if (!isSkeinError(outcome) && !(outcome instanceof Response)) throw outcome;
      attempts.push(this.#record(outcome, startedAt));
      const decision = this.#decide(outcome, request, context);
      if (!decision.retry) return this.#end(outcome, { attempts, decision, request });
      const unpaid = context.policies.spendsBudget ? this.#pay(outcome, request) : 0;
      if (unpaid > 0) return endUnpaid(outcome, attempts, unpaid);
      if (context.events?.retry !== undefined)
        await tell(context.events, eventOf(outcome, request, { context, decision }));
      await this.#wait(outcome, decision.delayMs, context);
      if (context.cancelled) throw Object.assign(new AbortError(context.cancelReason), { attempts });
      context.attempt += 1;
      startedAt = this.#clock.now();
      outcome = await this.#inner.send(request, context).catch((error: unknown) => error);
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** In how many milliseconds there is enough for a retry; 0: it is paid. */
  #pay(outcome: Response | SkeinError, request: Request): number {
    const afterTimeout = isSkeinError(outcome) && outcome.code.endsWith("_TIMEOUT");
    return this.#budget.take(request.url.origin.key, afterTimeout, this.#clock.now());
  }

  #end(
    outcome: Response | SkeinError,
    { attempts, decision, request }: { attempts: Attempt[]; decision: Refusal; request: Request },
  ): Response {
    if (!isSkeinError(outcome) && !isRetryableStatus(outcome.status))
      this.#budget.succeeded(request.url.origin.key, this.#clock.now());
    return end(outcome, attempts, decision);
  }

  #record(outcome: Response | SkeinError, startedAt: number): Attempt {
    const durationMs = this.#clock.now() - startedAt;
    const time = { startedAt: this.#clock.wallNow() - durationMs, durationMs };
    if (isSkeinError(outcome)) return { ...time, error: { code: outcome.code, message: outcome.reason } };
    const { status, reused } = outcome;
    return outcome.hasContent
      ? { ...time, status, reused, bytes: outcome.bytes().length }
      : { ...time, status, reused };
  }

  #decide(outcome: Response | SkeinError, request: Request, context: RequestContext): RetryDecision {
    return decideRetry({
      attempt: context.attempt,
      attempts: context.policies.attempts,
      request,
      failure: isSkeinError(outcome) ? outcome : this.#refusedStatus(outcome),
      now: this.#clock.now(),
      deadline: context.deadline,
      random: this.#clock.random(),
    });
  }

  #refusedStatus({ status, headers }: Response): { status: number; retryAfterMs: number | undefined } {
    return { status, retryAfterMs: parseRetryAfter(headers.get("retry-after"), this.#clock.wallNow()) };
  }

  /** Waits for the next try, or until the call is cancelled. Letting go of the answer's body is part of the time. */
  async #wait(outcome: Response | SkeinError, delayMs: number, context: RequestContext): Promise<void> {
    const until = this.#clock.now() + delayMs;
    context.stage = "waiting";
    if (!isSkeinError(outcome)) await discardBody(outcome, this.#clock);
    const left = until - this.#clock.now();
    if (left > 0 && !context.cancelled) await this.#sleep(left, context);
    context.stage = undefined;
  }

  #sleep(ms: number, context: RequestContext): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.setTimer(() => {
        context.onCancel = undefined;
        resolve();
      }, ms);
      context.onCancel = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

type Refusal = RetryDecision & { retry: false };

function eventOf(
  outcome: Response | SkeinError,
  request: Request,
  { context, decision }: { context: RequestContext; decision: RetryDecision & { retry: true } },
): RetryEvent {
  const isError = isSkeinError(outcome);
  return {
    request,
    error: isError ? outcome : undefined,
    response: isError ? undefined : outcome,
    attempt: context.attempt,
    delayMs: decision.delayMs,
  };
}

async function tell(events: CallEvents, event: RetryEvent): Promise<void> {
  try {
    await events.retry?.(event);
  } catch (error) {
    event.response?.body.cancel(error);
    throw isSkeinError(error) ? error : new HandlerError("hooks.retry", error);
  }
}

/** What can't be paid for is not tried again; an answer is handed on all the same, as after the last attempt. */
function endUnpaid(
  outcome: Response | SkeinError,
  attempts: readonly Attempt[],
  retryAfterMs: number,
): Response {
  if (!isSkeinError(outcome)) return Object.assign(outcome, { attempts, notRetried: BUDGET_SPENT });
  const { reason, phase, requestSent, peer } = outcome;
  const error = new RetryBudgetExhausted(
    "RETRY_BUDGET_EXHAUSTED",
    `${reason}; not tried again: ${BUDGET_SPENT}`,
    { cause: outcome, phase, requestSent, peer },
  );
  outcome.attempts = attempts;
  throw Object.assign(error, { attempts, retryAfterMs: Math.max(retryAfterMs, outcome.retryAfterMs ?? 0) });
}

/** The outcome as it is handed on: with every attempt, and with the reason where nobody would guess it. */
function end(
  outcome: Response | SkeinError,
  attempts: readonly Attempt[],
  { why, because }: Refusal,
): Response {
  outcome.attempts = attempts;
  const isError = isSkeinError(outcome);
  if (WORTH_TELLING.has(why)) {
    if (isError) outcome.reason += `; not tried again: ${because}`;
    else outcome.notRetried = because;
  }
  if (!isError) return outcome;
  outcome.message = outcome.reason;
  throw outcome;
}
