/**
 * Whether a call that failed is tried again. Two questions decide: may the request have been processed, and would
 * processing it twice do harm?
 *
 *   nothing was sent (requestSent "none")                        any method
 *   a status that says "later" (408 425 429 5xx …)               idempotent methods, or an Idempotency-Key
 *   the connection ended before an answer                        idempotent methods, or an Idempotency-Key
 *   a timeout of the answer, a body that was cut or corrupt      safe methods
 *   everything else (certificates, aborts, misuse, limits, HTTP that is not HTTP)   never
 *
 * "Nothing was sent" from a wait for a connection (PoolTimeout, PoolFull) is not among them: the caller limited that wait,
 * and trying again would only wait again.
 */

import { formatDuration } from "../core/duration.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import type { SkeinError } from "../core/errors.ts";
import { backoff } from "./backoff.ts";

/** A response whose status is refused. */
interface RefusedStatus {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
}

export interface RetryFacts {
  /** Which try has failed, from 1. */
  readonly attempt: number;
  /** How many tries there may be in all. */
  readonly attempts: number;
  readonly request: {
    readonly isSafe: boolean;
    readonly isIdempotent: boolean;
    readonly isReplayable: boolean;
  };
  readonly failure: SkeinError | RefusedStatus;
  /** Which statuses are tried again; undefined: the usual ones. */
  readonly retryOn?: ReadonlySet<number> | undefined;
  /** Monotonic milliseconds; `deadline` is on the same clock, `Infinity` where there is none. */
  readonly now: number;
  readonly deadline: number;
  /** A number in [0, 1). */
  readonly random: number;
}

export type RetryDecision =
  | { readonly retry: true; readonly delayMs: number; readonly why: "backoff" | "retry-after" }
  | { readonly retry: false; readonly why: RefusalReason; readonly because: string };

/** Why a call is not tried again: which of the conditions failed first. */
export type RefusalReason =
  | "not-retryable"
  | "not-repeatable"
  | "not-replayable"
  | "attempts-used"
  | "deadline";

const RETRYABLE_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504, 521, 522, 524]);
const THROTTLING_STATUSES = new Set([429, 503]);

/** Whether another try may end otherwise, were the request harmless to repeat. */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUSES.has(status);
}

/** After these another try would end in the same way, or is not ours to make. As a type it takes no room in a page. */
type FinalCode =
  | "ADDRESS_BLOCKED"
  | "POOL_TIMEOUT"
  | "POOL_FULL"
  | "CIRCUIT_OPEN"
  | "LOCAL_RATE_LIMITED"
  | "OVERLOADED"
  | "ROBOTS_DISALLOWED"
  | "RETRY_BUDGET_EXHAUSTED"
  | "CERTIFICATE_INVALID"
  | "PROXY_REFUSED"
  | "INVALID_REQUEST"
  | "INVALID_RESPONSE"
  | "UNSUPPORTED_PROTOCOL"
  | "INVALID_JSON"
  | "TOO_MANY_REDIRECTS"
  | "REDIRECT_REFUSED"
  | "RESPONSE_TOO_LARGE"
  | "AUTH_FAILED"
  | "HTTP_STATUS"
  | "SCHEMA_MISMATCH"
  | "CHECKSUM_MISMATCH"
  | "FILE_FAILED"
  | "HANDLER_FAILED"
  | "ABORTED"
  | "INVALID_URL"
  | "INVALID_OPTION"
  | "STREAM_CONSUMED"
  | "STREAM_CLOSED"
  | "BODY_NOT_REPLAYABLE"
  | "CLIENT_CLOSED"
  | "GROUP_FAILED"
  | "GROUP_CLOSED"
  | "TOO_MANY_ERRORS"
  | "BATCH_CLOSED";

/** What a request must be, so that it may be sent again. */
type Needed = "nothing" | "idempotent" | "safe" | "never";
/** After an error of this code, when the request was sent. A new code that has no place here or in FinalCode is a type error. */
const AFTER_ERROR: Readonly<Record<Exclude<ErrorCode, FinalCode>, Exclude<Needed, "never">>> = {
  // There was no connection yet that could have carried the request.
  CONNECT_TIMEOUT: "nothing",
  CONNECTION_REFUSED: "nothing",
  HOST_UNREACHABLE: "nothing",
  CONNECT_FAILED: "nothing",
  TOO_MANY_OPEN_FILES: "nothing",
  DNS_FAILED: "nothing",
  PROXY_FAILED: "nothing",
  // Who gives the credentials could not be reached: the request itself was not sent.
  AUTH_UNAVAILABLE: "nothing",
  // The connection ended before the answer. (TLS 1.3 tells some of its refusals after the request was sent.)
  TLS_FAILED: "idempotent",
  CONNECTION_RESET: "idempotent",
  CONNECTION_CLOSED: "idempotent",
  WRITE_FAILED: "idempotent",
  FETCH_FAILED: "idempotent",
  WRITE_TIMEOUT: "idempotent",
  // The server may still be at it, or has answered and done it: only what changes nothing may be repeated.
  READ_TIMEOUT: "safe",
  // Of one attempt, in a batch. A plain call, and a task whose deadline has passed, have no time left: see `refusal`.
  TOTAL_TIMEOUT: "safe",
  HEADERS_TIMEOUT: "safe",
  BODY_CUT: "safe",
  DECODING_FAILED: "safe",
};

/**
 * Decides whether, when and why (not) to try again. Pure: time and chance come in with the facts.
 */
export function decideRetry(facts: RetryFacts): RetryDecision {
  return refusal(facts) ?? wait(facts);
}

/** What this client held back by itself: later it may not, but within the same call another try would only wait. */
const HELD_BACK: ReadonlySet<ErrorCode> = new Set([
  "CIRCUIT_OPEN",
  "LOCAL_RATE_LIMITED",
  "OVERLOADED",
  "RETRY_BUDGET_EXHAUSTED",
]);

/** Whether the same call may succeed when it is made again: what `error.retryable` tells. */
export function isTransient(error: SkeinError): boolean {
  if (HELD_BACK.has(error.code)) return true;
  const status = statusOf(error);
  return status === undefined ? neededAfter(error.code) !== "never" : isRetryableStatus(status);
}

function refusal({
  failure,
  retryOn = RETRYABLE_STATUSES,
  request,
  attempt,
  attempts,
  now,
  deadline,
}: RetryFacts): RetryDecision | undefined {
  const status = statusOf(failure);
  if ("code" in failure && failure.code === "TOTAL_TIMEOUT" && now >= deadline) {
    return no("not-retryable", "the call's time is up");
  }
  const needed =
    status === undefined
      ? neededAfterError(failure as SkeinError)
      : retryOn.has(status)
        ? "idempotent"
        : "never";
  if (needed === "never") return no("not-retryable", `${nameOf(failure)} is not tried again`);
  if (needed === "safe" && !request.isSafe) {
    return no("not-repeatable", "the request changes something, and may have been carried out");
  }
  if (needed === "idempotent" && !request.isIdempotent) {
    return no("not-repeatable", "the request may have been carried out, and has no idempotency key");
  }
  if (attempt >= attempts) {
    return no(
      "attempts-used",
      attempts === 1 ? "only one attempt is allowed" : `all ${attempts} attempts are used`,
    );
  }
  if (!request.isReplayable)
    return no("not-replayable", "the request's body is a stream, which can't be sent twice");
  return undefined;
}

function wait({ failure, attempt, now, deadline, random }: RetryFacts): RetryDecision {
  const status = statusOf(failure);
  const throttled = status !== undefined && THROTTLING_STATUSES.has(status);
  const { delayMs, why } = backoff({
    failures: attempt,
    throttled,
    retryAfterMs: failure.retryAfterMs,
    random,
  });
  if (now + delayMs < deadline) return { retry: true, delayMs, why };
  const left = formatDuration(Math.max(0, deadline - now));
  const wish = why === "retry-after" ? "the server asks to wait" : "the next attempt would wait";
  return no("deadline", `${wish} ${formatDuration(delayMs)}, and the call ends in ${left}`);
}

function no(why: RefusalReason, because: string): RetryDecision {
  return { retry: false, why, because };
}

function neededAfter(code: ErrorCode): Needed {
  return (AFTER_ERROR as Partial<Record<ErrorCode, Needed>>)[code] ?? "never";
}

function neededAfterError(error: SkeinError): Needed {
  const needed = neededAfter(error.code);
  if (needed === "never") return needed;
  if (error.requestSent === "none") return "nothing";
  // A connection that ends while the answer comes in: the server has done what it was asked.
  return error.phase === "body" ? "safe" : needed;
}

/** The refused status, also of an HTTPStatusError; undefined when no answer was accepted at all. */
function statusOf(failure: SkeinError | RefusedStatus): number | undefined {
  if (!("code" in failure)) return failure.status;
  return failure.code === "HTTP_STATUS" && "status" in failure ? Number(failure.status) : undefined;
}

function nameOf(failure: SkeinError | RefusedStatus): string {
  const status = statusOf(failure);
  return status === undefined ? (failure as SkeinError).name : `status ${status}`;
}
