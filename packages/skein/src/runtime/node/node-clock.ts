import type { Clock, Timer } from "../../core/clock.ts";

/** The real time of Node, Bun and Deno. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  setTimer(run: () => void, delayMs: number): Timer {
    const timer = setTimeout(run, delayMs);
    return {
      cancel: () => clearTimeout(timer),
      ref: () => void timer.ref(),
      unref: () => void timer.unref(),
    };
  },
};
