import type { Clock } from "../core/clock.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption, TotalTimeout } from "../core/errors.ts";
import type { CallSettings } from "../core/request-context.ts";

/** When something must have ended: a duration from now, or a moment. */
export type Deadline = Duration | Date;

/**
 * The milliseconds that are left; `Infinity` where there is no deadline, less than 0 where it has passed.
 *
 * @throws InvalidOption when it is neither a duration nor a moment
 */
export function timeLeft(deadline: Deadline | null | undefined, clock: Pick<Clock, "wallNow">): number {
  if (deadline === undefined || deadline === null) return Number.POSITIVE_INFINITY;
  if (!isDate(deadline)) return parseDuration(deadline, "deadline");
  const left = deadline.getTime() - clock.wallNow();
  if (Number.isNaN(left)) throw new InvalidOption("deadline: the Date is invalid");
  return left;
}

/** The settings of a call that must have ended in `left` milliseconds, whatever its timeouts say. */
export function withinTime(settings: CallSettings, left: number): CallSettings {
  if (left >= settings.timeouts.total) return settings;
  return { ...settings, timeouts: { ...settings.timeouts, total: left } };
}

/** @throws TotalTimeout when no time is left: nothing is sent then */
export function requireTime(left: number): void {
  if (left > 0) return;
  throw new TotalTimeout("TOTAL_TIMEOUT", "its deadline had passed before it was sent", {
    phase: "queue",
    requestSent: "none",
  });
}

/** A duration becomes a moment, for calls that are made one after the other until then. */
export function atMoment(
  deadline: Deadline | null | undefined,
  clock: Pick<Clock, "wallNow">,
): Date | undefined {
  const left = timeLeft(deadline, clock);
  return left === Number.POSITIVE_INFINITY ? undefined : new Date(clock.wallNow() + left);
}

/** Of any realm: by what it can do. */
function isDate(deadline: Deadline): deadline is Date {
  return typeof deadline === "object" && typeof deadline.getTime === "function";
}
