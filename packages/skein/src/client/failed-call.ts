import { HandlerError, isSkeinError, type SkeinError } from "../core/errors.ts";
import type { Response } from "../core/response.ts";
import type { Hooks } from "../layers/hooks/hooks-layer.ts";
import { completeError, type FailedCall } from "./complete-error.ts";
import { isForFallback } from "./outcome.ts";

/** Functions of the caller's that are asked when a call has failed. */
export interface AskedOfFailures {
  readonly hook: Hooks["error"];
  readonly fallback: ((error: SkeinError) => Response | Promise<Response>) | undefined;
}

/**
 * The end of a call that has failed: the hook is told, once, and `fallback` asked.
 *
 * @throws the error, complete, or what the hook returned in its place
 */
export async function endFailed(
  thrown: unknown,
  call: FailedCall,
  { hook, fallback }: AskedOfFailures,
): Promise<Response> {
  const completed = completeError(thrown, call);
  const error = hook === undefined ? completed : await tell(hook, completed, call);
  if (fallback === undefined || !isSkeinError(error) || !isForFallback(error)) throw error;
  return fallback(error);
}

/** As `completeError`, for an attempt of a batch: the hook is told, and what it returns is the error of the attempt. */
export function completeAttempt(
  thrown: unknown,
  call: FailedCall,
  hook: Hooks["error"],
): SkeinError | Promise<SkeinError> {
  const completed = completeError(thrown, call);
  if (hook === undefined) return completed;
  return tell(hook, completed, call).then(error =>
    isSkeinError(error) ? error : new HandlerError("hooks.error", error),
  );
}

async function tell(hook: NonNullable<Hooks["error"]>, error: SkeinError, call: FailedCall): Promise<Error> {
  try {
    return (await hook(error)) ?? error;
  } catch (cause) {
    return isSkeinError(cause) ? cause : completeError(new HandlerError("hooks.error", cause), call);
  }
}
