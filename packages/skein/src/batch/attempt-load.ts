import type { SkeinError } from "../core/errors.ts";
import type { Response } from "../core/response.ts";
import { isRefusedForLoad, outcomeOfError, outcomeOfStatus } from "../policy/outcome.ts";
import type { AttemptLoad } from "./scheduler/lane.ts";

/** What the end of an attempt says of how much its origin can take; nothing where the origin had no part in it. */
export function loadOf(attempt: {
  readonly response: Response | undefined;
  readonly error: SkeinError | undefined;
  readonly now: number;
  readonly ms: number;
}): AttemptLoad | undefined {
  const { response, error, now, ms } = attempt;
  if (response !== undefined) return loadOfAnswer(response, now, ms);
  const outcome = outcomeOfError(error!);
  return outcome === "unknown"
    ? undefined
    : { now, ms, good: outcome === "good", outcome, failure: outcome === "bad" ? error : undefined };
}

function loadOfAnswer({ status, headers }: Response, now: number, ms: number): AttemptLoad {
  const good = !isRefusedForLoad(status);
  // A server that says for how long it wants to be left alone is left alone so long: it is no failure of its own.
  const isThrottle = status === 503 && headers.has("retry-after");
  const outcome = isThrottle ? "unknown" : outcomeOfStatus(status);
  return { now, ms, good, outcome, failure: outcome === "bad" ? status : undefined };
}
