import { expect, test } from "@skein/testkit";
import { HedgePlan } from "./hedge.ts";

function learned(times: (i: number) => number, count = 1_000): HedgePlan {
  const plan = new HedgePlan();
  for (let i = 0; i < count; i++) {
    plan.request();
    plan.answered(times(i), true);
  }
  return plan;
}

test("nothing is hedged before a hundred answers", () => {
  expect(learned(() => 50, 99).delay).toBeUndefined();
  expect(learned(() => 50, 100).delay).toBeDefined();
});

test.each([
  ["the 95th of a hundred", (i: number) => (i % 100 < 94 ? 50 : 200), 200],
  ["half as much again as the median, where that is more", () => 100, 150],
  ["20 ms at least", () => 2, 20],
])("it waits for as long as %s", (_name, times, delay) => {
  expect(learned(times).delay! / delay).toBeGreaterThan(0.95);
  expect(learned(times).delay! / delay).toBeLessThan(1.06);
});

test("at most a twentieth of the requests are hedged, and ten at once after a pause", () => {
  const plan = learned(() => 50);
  let paid = 0;
  while (plan.pay()) paid += 1;
  expect([paid, plan.delay]).toEqual([10, undefined]);
  for (let i = 0; i < 10_000; i++) {
    plan.request();
    if (plan.delay !== undefined && plan.pay()) paid += 1;
  }
  expect(paid).toBeGreaterThan(490);
  expect(paid).toBeLessThanOrEqual(510);
});

test("where more than a tenth fail nothing is hedged, until they do no more", () => {
  const plan = learned(() => 50);
  for (let i = 0; i < 60; i++) {
    if (i % 3 === 0) plan.failed();
    else plan.answered(50, i % 7 !== 0);
  }
  expect(plan.delay).toBeUndefined();
  for (let i = 0; i < 200; i++) plan.answered(50, true);
  expect(plan.delay).toBeDefined();
});

test("it follows a server that has become slower, or faster", () => {
  const plan = learned(() => 50, 5_000);
  for (let i = 0; i < 6_000; i++) plan.answered(400, true);
  expect(plan.delay).toBeGreaterThan(400);
  for (let i = 0; i < 20_000; i++) plan.answered(10, true);
  expect(plan.delay).toBe(20);
});
