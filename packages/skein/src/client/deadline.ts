import { TotalTimeout } from "../core/errors.ts";
import type { CallSettings } from "../core/request-context.ts";

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
