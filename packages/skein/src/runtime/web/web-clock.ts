import type { Clock, Timer } from "../../core/clock.ts";

/** Timers of more milliseconds fire at once instead. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Where a timer is a number (in a page), nothing is kept alive by it. */
interface TimerHandle {
  ref?(): void;
  unref?(): void;
}

/** The real time of every platform, by what they all have. */
export const webClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  setTimer(run: () => void, delayMs: number): Timer {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER));
    const handle = timer as unknown as TimerHandle;
    return {
      cancel: () => clearTimeout(timer),
      ref: () => handle.ref?.(),
      unref: () => handle.unref?.(),
    };
  },
};
