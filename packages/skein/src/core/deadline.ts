import type { Clock } from "./clock.ts";
import { type Duration, parseDuration } from "./duration.ts";

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

/** Of any realm: by what it can do. One that is invalid is none. */
function isDate(deadline: Deadline): deadline is Date {
  return (deadline as Partial<Date>).getTime?.call(deadline) === Number(deadline);
}
