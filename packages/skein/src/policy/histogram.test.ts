import { describe, expect, fakeClock, test } from "@skein/testkit";
import { Histogram } from "./histogram.ts";

const SHARES = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

function histogramOf(times: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const ms of times) histogram.record(ms);
  return histogram;
}

/** By nearest rank. */
function exact(times: number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

function expectWithin(value: number, expected: number): void {
  expect(Math.abs(value / expected - 1), `${value}, expected ${expected}`).toBeLessThan(0.025);
}

describe("a histogram", () => {
  test.each([
    ["evenly spread", (random: number) => 1 + random * 1_000],
    ["over all magnitudes", (random: number) => 0.1 * 10 ** (random * 7)],
    ["few and the same", (random: number) => (random < 0.5 ? 20 : 2_000)],
  ])("has each percentile within 2.5 %%: times %s", (_, draw) => {
    const clock = fakeClock();
    for (const count of [1, 2, 10, 5_000]) {
      const times = Array.from({ length: count }, () => draw(clock.random()));
      const histogram = histogramOf(times);
      expect(histogram.count).toBe(count);
      for (const share of SHARES) expectWithin(histogram.percentile(share), exact(times, share));
    }
  });

  test("counts what is out of its range at the ends", () => {
    const histogram = histogramOf([0, -1, 0.05, 1e12, Number.POSITIVE_INFINITY]);
    expect(histogram.count).toBe(5);
    expect([histogram.percentile(0), histogram.percentile(0.6)]).toEqual([0.1, 0.1]);
    expect(histogram.percentile(1)).toBe(3_600_000);
  });

  test("of nothing has no percentiles", () => {
    const histogram = new Histogram();
    expect(histogram.count).toBe(0);
    expect(histogram.percentile(0.5)).toBeNaN();
    histogram.decay(0.5);
    histogram.merge(new Histogram());
    expect(histogram.percentile(0.5)).toBeNaN();
    histogram.record(5);
    histogram.decay(0);
    expect([histogram.count, histogram.percentile(1)]).toEqual([0, Number.NaN]);
  });

  test("merged is that of all, in any order", () => {
    const [a, b] = [
      [1, 2, 3, 400],
      [50, 60_000],
    ] as const;
    const both = histogramOf([...a, ...b]);
    for (const [first, second] of [
      [a, b],
      [b, a],
    ] as const) {
      const merged = new Histogram();
      merged.merge(histogramOf(first));
      merged.merge(histogramOf(second));
      expect(merged.count).toBe(6);
      for (const share of SHARES) expect(merged.percentile(share)).toBe(both.percentile(share));
    }
  });

  test("that fades follows what came last", () => {
    const histogram = histogramOf(Array(1_000).fill(10));
    for (let second = 0; second < 10; second++) {
      histogram.decay(0.5);
      for (let i = 0; i < 20; i++) histogram.record(500);
    }
    expect(histogram.count).toBeCloseTo(1_000 / 2 ** 10 + 40 * (1 - 1 / 2 ** 10), 5);
    expectWithin(histogram.percentile(0.5), 500);
    expectWithin(histogram.percentile(0.01), 10);
    expectWithin(histogram.percentile(1), 500);
  });
});
