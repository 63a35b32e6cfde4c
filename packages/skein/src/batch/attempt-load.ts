import type { SkeinError } from "../core/errors.ts";
import type { Response } from "../core/response.ts";
import { isRefusedForLoad, outcomeOfError } from "../policy/outcome.ts";
import type { AttemptLoad } from "./scheduler/lane.ts";

/** What the end of an attempt says of how much its origin can take; nothing where the origin had no part in it. */
export function loadOf(attempt: {
  readonly response: Response | undefined;
  readonly error: SkeinError | undefined;
  readonly now: number;
  readonly ms: number;
}): AttemptLoad | undefined {
  const { response, error, now, ms } = attempt;
  if (response !== undefined) return { now, ms, good: !isRefusedForLoad(response.status) };
  const outcome = outcomeOfError(error!);
  return outcome === "unknown" ? undefined : { now, ms, good: outcome === "good" };
}
