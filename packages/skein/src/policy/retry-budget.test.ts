import { expect, test } from "@skein/testkit";
import { RetryBudget } from "./retry-budget.ts";

const LIMITS = { total: 50, perOrigin: 20, perSuccess: 0.5, perSecond: 1 };

function spendAll(budget: RetryBudget, origin: string, now = 0): number {
  let taken = 0;
  while (budget.take(origin, false, now) === 0) taken += 1;
  return taken;
}

test("an origin can use up its own purse, not that of the others; all together use up the client's", () => {
  const budget = new RetryBudget(LIMITS);
  expect([
    spendAll(budget, "a"),
    spendAll(budget, "b"),
    spendAll(budget, "c"),
    spendAll(budget, "d"),
  ]).toEqual([4, 4, 2, 0]);
  expect(budget.left(0, "a")).toEqual({ total: 0, origin: 0 });
});

test("a retry after a timeout costs twice as much", () => {
  const budget = new RetryBudget(LIMITS);
  expect([0, 0, 0].map(now => budget.take("a", true, now))).toEqual([0, 0, 10_000]);
});

test("what is missing comes back with time, and `take` says when", () => {
  const budget = new RetryBudget(LIMITS);
  spendAll(budget, "a");
  expect(budget.take("a", false, 2_000)).toBe(3_000);
  expect(budget.take("a", false, 4_999)).toBe(1);
  expect(budget.take("a", false, 5_000)).toBe(0);
  expect(budget.left(6_000, "a")).toEqual({ total: 31, origin: 1 });
});

test("successes give back, and once all is full there is nothing to do", () => {
  const budget = new RetryBudget(LIMITS);
  expect(budget.isFull).toBe(true);
  budget.take("a", false, 0);
  expect(budget.isFull).toBe(false);
  for (let success = 0; success < 9; success++) budget.succeeded("a", 0);
  expect([budget.isFull, budget.left(0, "a")]).toEqual([false, { total: 49.5, origin: 19.5 }]);
  budget.succeeded("a", 0);
  expect([budget.isFull, budget.left(0, "a")]).toEqual([true, { total: 50, origin: 20 }]);
});

test("a purse smaller than the cost is emptied by it, and never a debt", () => {
  const budget = new RetryBudget({ ...LIMITS, perOrigin: 4 });
  expect(budget.take("a", false, 0)).toBe(0);
  expect(budget.left(0, "a").origin).toBe(0);
  expect(budget.take("a", true, 0)).toBe(5_000 - 1_000);
});

// In an outage: calls are offered at some rate, each fails, and each asks for two more tries.
test.each([1, 2, 3, 4, 5])("whatever happens, no more is spent than came in (seed %i)", seed => {
  const random = randomOf(seed);
  const budget = new RetryBudget(LIMITS);
  const spent = new Map<string, number>();
  const earned = new Map<string, number>();
  let now = 0;
  for (let step = 0; step < 20_000; step++) {
    now += random() * 20;
    const origin = `o${Math.floor(random() * 8)}`;
    if (random() < 0.3) {
      budget.succeeded(origin, now);
      add(earned, origin, 0.5);
      continue;
    }
    const afterTimeout = random() < 0.2;
    if (budget.take(origin, afterTimeout, now) === 0) add(spent, origin, afterTimeout ? 10 : 5);
    const { total, origin: left } = budget.left(now, origin);
    expect(Math.min(total, left)).toBeGreaterThanOrEqual(0);
    expect([total <= 50, left <= 20]).toEqual([true, true]);
  }
  for (const [origin, tokens] of spent)
    expect(tokens).toBeLessThanOrEqual(20 + now / 1_000 + (earned.get(origin) ?? 0) + 1e-6);
  const sum = [...spent.values()].reduce((a, b) => a + b);
  const gained = [...earned.values()].reduce((a, b) => a + b);
  expect(sum).toBeLessThanOrEqual(50 + now / 1_000 + gained + 1e-6);
  expect(sum).toBeGreaterThan(0.5 * Math.min(now / 1_000 + gained, 1e9));
});

test("memory follows the origins that have something to get back", () => {
  const budget = new RetryBudget({ ...LIMITS, total: 1e9 });
  for (let origin = 0; origin < 200_000; origin++)
    budget.take(`http://host-${origin}.test:80`, false, origin * 10);
  expect(budget.size).toBeLessThan(2_000);
  expect(budget.left(2_000_000, "http://host-5.test:80").origin).toBe(20);
});

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
