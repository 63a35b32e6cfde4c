// Imported, for the global is looked up and checked at each call: a fifth of what a look at the clock costs.
import { performance } from "node:perf_hooks";
import type { Clock, Timer } from "../../core/clock.ts";

/** Timers of more milliseconds fire at once instead. It is 24 days: nobody who waits that long minds one too few. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The real time of Node, Bun and Deno. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  setTimer(run: () => void, delayMs: number): Timer {
    if (delayMs <= 0) return soon(run);
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER));
    return {
      cancel: () => clearTimeout(timer),
      ref: () => void timer.ref(),
      unref: () => void timer.unref(),
    };
  },
};

/**
 * After what has arrived was read. A timer of no time would not do: where one callback takes a millisecond, it may fire among
 * the very timers that set it.
 */
function soon(run: () => void): Timer {
  const immediate = setImmediate(run);
  return {
    cancel: () => clearImmediate(immediate),
    // It comes in this very turn of the loop: nothing is kept alive by it. Let go of, it would wait for another event.
    ref: () => {},
    unref: () => {},
  };
}
