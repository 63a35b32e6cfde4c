import { describe, expect, test } from "@skein/testkit";
import { Gcra } from "./gcra.ts";
import { parseRate, type Rate } from "./rate.ts";

const SEED = 20_260_101;

/** Small, and the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The times at which a sender sends that asks again after `pause()`, and wakes `late()` after it may. */
function sendTimes(gcra: Gcra, run: { pause(): number; late(): number; until: number }): number[] {
  const times: number[] = [];
  for (let now = 1_234.5; now < run.until; now += run.pause()) {
    if (gcra.readyAt > now) now = gcra.readyAt + run.late();
    gcra.take(now);
    times.push(now);
  }
  return times;
}

/** The most in any half-open window: one that holds the most begins at a sending. */
function mostInAWindow(times: number[], per: number): number {
  let most = 0;
  for (let from = 0, to = 0; from < times.length; from++) {
    while (to < times.length && times[to]! < times[from]! + per) to++;
    most = Math.max(most, to - from);
  }
  return most;
}

const RATES: Rate[] = ["100/s", "6000/min", "5/2s", "1/s", "250/s", "999/s", "20000/s", "0.5/s", "7/100ms"];

describe.each(RATES)("the rate %s", rate => {
  const { count, per } = parseRate(rate, "rate");

  test(`holds in any window, whoever sends (seed ${SEED})`, () => {
    const random = seeded(SEED);
    for (let round = 0; round < 20; round++) {
      const patience = random() * (per / count) * 4;
      const pause = () => (random() < 0.01 ? per * random() * 3 : random() < 0.5 ? 0 : random() * patience);
      const times = sendTimes(new Gcra(parseRate(rate, "rate")), {
        pause,
        late: () => random() * 3,
        until: per * 30,
      });
      expect(mostInAWindow(times, per)).toBeLessThanOrEqual(count);
    }
  });

  test("is reached within 1 % by a sender that always has more", () => {
    const until = 1_234.5 + per * 200;
    const times = sendTimes(new Gcra(parseRate(rate, "rate")), { pause: () => 0, late: () => 0, until });
    expect(times.length).toBeGreaterThanOrEqual(0.99 * count * 200);
    expect(times.length).toBeLessThanOrEqual(count * 200 + 1);
  });
});

test.each(["100/s", "250/s", "1000/s", "20000/s"])("%s is reached although timers fire late", rate => {
  const random = seeded(SEED);
  const { count, per } = parseRate(rate, "rate");
  const times = sendTimes(new Gcra(parseRate(rate, "rate")), {
    pause: () => 0,
    late: () => random() * 2,
    until: 1_234.5 + per * 100,
  });
  expect(times.length / (count * 100)).toBeGreaterThanOrEqual(0.985);
  expect(mostInAWindow(times, per)).toBeLessThanOrEqual(count);
});

test.each(["50/s", "10/s", "99/s", "2/s", "5/2s", "60/min"])("%s, too, within 1 %%", rate => {
  const random = seeded(SEED);
  const { count, per } = parseRate(rate, "rate");
  const times = sendTimes(new Gcra(parseRate(rate, "rate")), {
    pause: () => 0,
    // Most by a little, some by much.
    late: () => (random() < 0.02 ? random() * 15 : random() * 2),
    until: 1_234.5 + per * 100,
  });
  expect(times.length / (count * 100)).toBeGreaterThanOrEqual(0.99);
  expect(mostInAWindow(times, per)).toBeLessThanOrEqual(count);
});

test("with a burst so many go out at once after a pause, and a window holds at most count + burst - 1", () => {
  const rate = parseRate({ count: 10, per: "1s", burst: 5 }, "rate");
  const times = sendTimes(new Gcra(rate), { pause: () => 0, late: () => 0, until: 60_000 });
  expect(times.filter(time => time === 1_234.5)).toHaveLength(5);
  expect(mostInAWindow(times, 1_000)).toBe(14);
});

test.each([
  ["100/s", { count: 100, per: 1_000 }],
  ["6000/min", { count: 6_000, per: 60_000 }],
  ["5/2s", { count: 5, per: 2_000 }],
  ["0.5/s", { count: 1, per: 2_000 }],
])("%s is read", (text, rate) => {
  expect(parseRate(text, "rate")).toMatchObject(rate);
});

test.each(["", "100", "x/s", "0/s", "5/0s", "-1/s", "5/y"])('"%s" is no rate', text => {
  expect(() => parseRate(text, "perOriginRate")).toThrow(/^perOriginRate: /);
});

test.each([0, 1.5, -1])("a burst of %s is none", burst => {
  expect(() => parseRate({ count: 1, per: 1_000, burst }, "rate")).toThrow(/burst/);
});
