import { expect, test } from "@skein/testkit";
import { ClientThrottle } from "./client-throttle.ts";

const RULES = { multiplier: 2, windowMs: 30_000 };

function counted(
  throttle: ClientThrottle,
  counts: { accepted: number; refused: number; priority?: number; now?: number },
) {
  const { accepted, refused, priority = 0, now = 0 } = counts;
  for (let i = 0; i < accepted; i++) throttle.ended({ accepted: true, priority, now });
  for (let i = 0; i < refused; i++) throttle.ended({ accepted: false, priority, now });
  return throttle;
}

test.each([
  { accepted: 100, refused: 0, share: 0 },
  { accepted: 50, refused: 50, share: 0 },
  { accepted: 25, refused: 75, share: 50 / 101 },
  { accepted: 0, refused: 100, share: 100 / 101 },
])(
  "(requests − 2 · accepts) ÷ (requests + 1): $accepted accepted, $refused refused",
  ({ share, ...counts }) => {
    expect(counted(new ClientThrottle(RULES), counts).share(0)).toBeCloseTo(share);
  },
);

test("of a few requests nothing is concluded", () => {
  expect(counted(new ClientThrottle(RULES), { accepted: 0, refused: 19 }).share(0)).toBe(0);
});

test("what is older than the window does not count, and is forgotten", () => {
  const throttle = counted(new ClientThrottle(RULES), { accepted: 0, refused: 100, now: 1_000 });
  expect(throttle.share(20_000)).toBeGreaterThan(0.9);
  expect([throttle.share(31_000), throttle.isQuiet(31_000)]).toEqual([0, true]);
  counted(throttle, { accepted: 30, refused: 0, now: 61_000 });
  expect([throttle.share(61_000), throttle.isQuiet(61_000)]).toEqual([0, false]);
});

test("those refused are of the lowest priority, as far as there are enough of them", () => {
  const throttle = new ClientThrottle(RULES);
  counted(throttle, { accepted: 10, refused: 30, priority: -1 });
  counted(throttle, { accepted: 10, refused: 30, priority: 0 });
  counted(throttle, { accepted: 5, refused: 15, priority: 3 });
  // Of 100, half are to be refused: the 40 of -1, and 10 of the 40 of 0.
  expect(throttle.refusal(-1, 0)).toBe(1);
  expect(throttle.refusal(0, 0)).toBeCloseTo(0.24, 1);
  expect(throttle.refusal(3, 0)).toBe(0);
  // One nobody has seen yet is placed among the others.
  expect([throttle.refusal(-5, 0), throttle.refusal(10, 0)]).toEqual([1, 0]);
});

test("an origin that accepts a fixed rate gets twice that, however much is offered", () => {
  const throttle = new ClientThrottle(RULES);
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  let [sent, room] = [0, 0];
  // 200 a second are offered, 10 a second accepted.
  for (let now = 0; now < 120_000; now += 5) {
    room = Math.min(10, room + 0.05);
    if (random() < throttle.refusal(0, now)) throttle.ended({ accepted: false, priority: 0, now });
    else {
      if (now >= 60_000) sent += 1;
      throttle.ended({ accepted: room >= 1, priority: 0, now });
      if (room >= 1) room -= 1;
    }
  }
  expect(sent / 60).toBeGreaterThan(15);
  expect(sent / 60).toBeLessThan(25);
});
