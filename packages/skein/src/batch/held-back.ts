import { formatDuration } from "../core/duration.ts";
import { CircuitOpen, type SkeinError } from "../core/errors.ts";
import { GIVE_UP_MS } from "../policy/cool-down.ts";
import type { WaitReason } from "./batch-options.ts";
import { tellWhy } from "./task-deadline.ts";

/** What the client's own policies, or the limits of this machine, fail a call with instead of sending it. */
const HELD_BACK: Partial<Record<SkeinError["code"], WaitReason>> = {
  CIRCUIT_OPEN: "circuit open",
  LOCAL_RATE_LIMITED: "rate",
  OVERLOADED: "rate",
  // No descriptor or port is free, and no connection open that it could wait for.
  TOO_MANY_OPEN_FILES: "backoff",
};

/** Where nobody says when it may be tried again, as while a probe of the circuit is under way. */
const LOOK_AGAIN_MS = 1_000;

/** The task was held back on this side, so that nothing was sent: it waits, and that was no attempt. */
export interface HeldBack {
  readonly why: WaitReason;
  readonly until: number;
}

/** Undefined where the error is none of those. */
export function heldBack({ code, retryAfterMs }: SkeinError, now: number): HeldBack | undefined {
  const why = HELD_BACK[code];
  return why === undefined ? undefined : { why, until: now + (retryAfterMs ?? LOOK_AGAIN_MS) };
}

/**
 * Whether a task that is held back has to fail; the error then says why.
 *
 * @param since when it was first held back by an open circuit, without an attempt in between
 */
export function failsHeldBack(
  error: SkeinError,
  { until, deadline, since, now }: { until: number; deadline: number; since: number; now: number },
): boolean {
  const because =
    until >= deadline
      ? "its deadline comes before it may be sent"
      : (error.code === "CIRCUIT_OPEN" || error.code === "TOO_MANY_OPEN_FILES") && now - since > GIVE_UP_MS
        ? `that has been so for ${formatDuration(now - since)}`
        : undefined;
  if (because !== undefined) tellWhy(error, because);
  return because !== undefined;
}

/** The end of a task whose origin has failed for so long that its circuit is given up. */
export function givenUp(
  origin: string,
  outage: { readonly since: number; readonly failure: unknown } | undefined,
  now: number,
): CircuitOpen {
  const failure = outage?.failure;
  const last =
    typeof failure === "number" ? `status ${failure}` : (failure as SkeinError | undefined)?.reason;
  const so = outage === undefined ? "" : ` for ${formatDuration(now - outage.since)}`;
  return new CircuitOpen(
    "CIRCUIT_OPEN",
    `nothing is sent to ${origin}: it has given no good answer${so}${last === undefined ? "" : `, last: ${last}`}`,
    { phase: "queue", requestSent: "none", cause: failure instanceof Error ? failure : undefined },
  );
}
