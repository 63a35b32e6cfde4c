import { formatDuration } from "../core/duration.ts";
import { AbortError, HandlerError, isSkeinError, type SkeinError } from "../core/errors.ts";
import { ownOptions } from "../core/own-options.ts";
import { redactUrl } from "../core/redact-url.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import { isTransient } from "../policy/retry.ts";

/** What the client knows of a call that failed. */
export interface FailedCall {
  /** Undefined when it could not even be built. */
  readonly request: Request | undefined;
  /** Milliseconds since the call was made. */
  readonly elapsed: number;
  /** Attempts that it was allowed. */
  readonly attempts: number;
  /** What went along with it: it knows what was measured of the last attempt. */
  readonly context?: RequestContext | undefined;
}

/**
 * Completes an error for the caller: the whole line of its message, the request it belongs to, and a stack that leads
 * to the call. It must run in the async frame of the call: an error made in a callback of a socket knows nothing of
 * who waits for it.
 */
export function completeError(thrown: unknown, call: FailedCall): SkeinError {
  const failure = call.context?.traceFailure ?? thrown;
  const error = isSkeinError(failure) ? failure : new HandlerError("the request", failure);
  if (call.request !== undefined) {
    error.request ??= { method: call.request.method, url: redactUrl(call.request.url.href) };
    error.message = `${error.request.method} ${error.request.url}: ${error.reason}${describeAttempts(error, call)}`;
  }
  if (error instanceof AbortError)
    Object.defineProperty(error, "name", ownOptions({ value: "AbortError", configurable: true }));
  error.retryable = isTransient(error);
  error.timings ??= call.context?.record?.timings();
  Error.captureStackTrace?.(error, completeError);
  return error;
}

function describeAttempts(error: SkeinError, call: FailedCall): string {
  // Of the last hop; the attempts of those before it are listed, too.
  const { length } = error.attempts;
  const made = length && (call.context?.attempt ?? length);
  if (made < 2) return "";
  return ` (attempt ${made} of ${Math.max(made, call.attempts)}, after ${formatDuration(call.elapsed)})`;
}
