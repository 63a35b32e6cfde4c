import { expect, test } from "@skein/testkit";
import { backoff } from "./backoff.ts";

const ALMOST_ONE = 1 - Number.EPSILON;

test.each([
  // failures, throttled, upper bound of the jitter
  [1, false, 200],
  [2, false, 400],
  [3, false, 800],
  [8, false, 25_600],
  [9, false, 30_000],
  [2_000, false, 30_000],
  [1, true, 1_000],
  [2, true, 2_000],
  [6, true, 30_000],
])("after failure %i (throttled: %s) the wait is anywhere up to %i ms", (failures, throttled, bound) => {
  const at = (random: number) => backoff({ failures, throttled, retryAfterMs: undefined, random });
  expect(at(0)).toEqual({ delayMs: 0, why: "backoff" });
  expect(at(0.5).delayMs).toBe(bound / 2);
  expect(at(ALMOST_ONE).delayMs).toBeLessThanOrEqual(bound);
  expect(at(ALMOST_ONE).delayMs).toBeGreaterThan(bound * 0.999);
});

test.each([
  // Retry-After, random, delay, whose wish
  [5_000, 0.5, 5_000, "retry-after"],
  [100, 0.5, 500, "backoff"],
  [600_000, 0.99, 600_000, "retry-after"],
  [undefined, 0.5, 500, "backoff"],
] as const)(
  "Retry-After %s is never shortened, and never shortens the jitter",
  (retryAfterMs, random, delayMs, why) => {
    expect(backoff({ failures: 1, throttled: true, retryAfterMs, random })).toEqual({ delayMs, why });
  },
);
