import { expect, test } from "@skein/testkit";
import { GIVE_UP_MS, isHopeless, isThrottle, NOT_COOLING, throttled } from "./cool-down.ts";

const at = (now: number, retryAfterMs?: number, random = 0) => ({ now, retryAfterMs, random });

test("Retry-After counts, never shortened, with at most a tenth more", () => {
  expect(throttled(NOT_COOLING, at(1_000, 5_000)).until).toBe(6_000);
  expect(throttled(NOT_COOLING, at(1_000, 5_000, 0.999)).until).toBeLessThanOrEqual(6_500);
});

test("without it: 2 s, doubled each time up to a minute", () => {
  let state = NOT_COOLING;
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const now = state.until + 1;
    state = throttled(state, at(now));
    waits.push(state.until - now);
  }
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("a burst of refusals is one step", () => {
  const first = throttled(NOT_COOLING, at(1_000));
  expect(throttled(first, at(1_500, 60_000))).toBe(first);
});

test("a quarter of an hour without a success is hopeless", () => {
  const state = throttled(NOT_COOLING, at(1_000));
  const later = throttled(state, at(1_000 + GIVE_UP_MS));
  expect(isHopeless(later, 1_000 + GIVE_UP_MS)).toBe(false);
  expect(isHopeless(later, 1_001 + GIVE_UP_MS)).toBe(true);
  expect(isHopeless(NOT_COOLING, 1e12)).toBe(false);
});

test.each([
  [429, undefined, true],
  [429, 1_000, true],
  [503, 1_000, true],
  [503, undefined, false],
  [500, 1_000, false],
])("%d with Retry-After %s asks to be left alone: %s", (status, retryAfterMs, expected) => {
  expect(isThrottle(status, retryAfterMs)).toBe(expected);
});
