import { HandlerError, isSkeinError, type SkeinError } from "../core/errors.ts";
import type { Hooks } from "../core/hooks.ts";
import type { Response } from "../core/response.ts";
import { isForFallback } from "../policy/fallback.ts";
import { completeError, type FailedCall } from "./complete-error.ts";

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
  const error = hook === undefined ? completed : await tellHook(hook, completed, call);
  if (fallback === undefined || !isSkeinError(error) || !isForFallback(error)) throw error;
  return fallback(error);
}

/** What is thrown: the error, or what the hook returned in its place. */
export async function tellHook(
  hook: NonNullable<Hooks["error"]>,
  error: SkeinError,
  call: FailedCall,
): Promise<Error> {
  try {
    return (await hook(error)) ?? error;
  } catch (cause) {
    return isSkeinError(cause) ? cause : completeError(new HandlerError("hooks.error", cause), call);
  }
}
