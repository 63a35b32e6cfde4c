import type { Clock } from "../core/clock.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { TotalTimeout } from "../core/errors.ts";
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
  return isDate(deadline) ? deadline.getTime() - clock.wallNow() : parseDuration(deadline, "deadline");
}

/** The settings of a call that must have ended in `left` milliseconds, whatever its timeouts say. */
export function withinTime(settings: CallSettings, left: number): CallSettings {
  if (left >= settings.timeouts.total) return settings;
  return { ...settings, timeouts: { ...settings.timeouts, total: left } };
}

/** @throws TotalTimeout when no time is left: nothing is sent then */
export function requireTime(left: number): void {
  if (left > 0) return;
  throw new TotalTimeout("TOTAL_TIMEOUT", "its deadline has passed", {
    phase: "queue",
    requestSent: "none",
  });
}

/** Of any realm: by what it can do. One that is invalid is none. */
function isDate(deadline: Deadline): deadline is Date {
  return (deadline as Partial<Date>).getTime?.call(deadline) === Number(deadline);
}
