import { isSkeinError, type SkeinError } from "../core/errors.ts";
import { isForFallback } from "../policy/fallback.ts";
import { callNow } from "./handlers.ts";

/** What stands for the value of a task that failed with this; the error, or the one it is replaced by, where nothing does. */
export function fallbackFor<I>(
  fallback: ((error: SkeinError, item: I) => unknown) | undefined,
  error: SkeinError,
  item: I,
): { readonly value: unknown } | SkeinError {
  if (fallback === undefined || !isForFallback(error)) return error;
  const value = callNow("fallback", () => fallback(error, item));
  return isSkeinError(value) ? value : { value };
}
