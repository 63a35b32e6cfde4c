import { describe, expect, test } from "@skein/testkit";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { Outcome } from "./outcome.ts";

/** No jitter: the middle of its bounds. */
const middle = () => 0.5;

function send(breaker: CircuitBreaker, outcome: Outcome, now: number, times = 1): void {
  for (let time = 0; time < times; time++) breaker.end(breaker.pass(now), outcome, now);
}

test("it opens when at least half of at least twenty outcomes are bad", () => {
  const breaker = new CircuitBreaker(middle);
  send(breaker, "bad", 100, 9);
  send(breaker, "good", 200, 10);
  expect(breaker.state(200)).toBe("closed");
  send(breaker, "bad", 300);
  expect([breaker.state(300), breaker.mayPassAt(300)]).toEqual(["open", 5_300]);
});

test("with less than half of them bad it stays closed, also with thousands", () => {
  const breaker = new CircuitBreaker(middle);
  for (let now = 0; now < 60_000; now += 10) send(breaker, now % 1_000 < 490 ? "bad" : "good", now);
  expect(breaker.state(60_000)).toBe("closed");
});

test("what is older than the window does not count, also after a long silence", () => {
  const breaker = new CircuitBreaker(middle);
  send(breaker, "bad", 500, 19);
  send(breaker, "bad", 10_500);
  expect(breaker.state(10_500)).toBe("closed");
  send(breaker, "bad", 20_000, 18);
  send(breaker, "bad", 1_000_000);
  expect(breaker.state(1_000_000)).toBe("closed");
});

test("what was cancelled says nothing", () => {
  const breaker = new CircuitBreaker(middle);
  send(breaker, "unknown", 0, 1_000);
  send(breaker, "bad", 0, 19);
  expect(breaker.state(0)).toBe("closed");
});

describe("open", () => {
  const opened = () => {
    const breaker = new CircuitBreaker(middle);
    send(breaker, "bad", 0, 20);
    return breaker;
  };

  test("one probe at first; each that goes well doubles how many may be out, up to four; five close it", () => {
    const breaker = opened();
    expect([breaker.state(4_999), breaker.mayPassAt(4_999)]).toEqual(["open", 5_000]);
    const first = breaker.pass(5_000);
    expect([breaker.state(5_000), breaker.mayPassAt(5_000)]).toEqual(["half-open", Infinity]);
    breaker.end(first, "good", 5_100);
    const two = [breaker.pass(5_100), breaker.pass(5_100)];
    expect(breaker.mayPassAt(5_100)).toBe(Infinity);
    for (const permit of two) breaker.end(permit, "good", 5_200);
    const four = [1, 2, 3, 4].map(() => breaker.pass(5_200));
    expect(breaker.mayPassAt(5_200)).toBe(Infinity);
    breaker.end(four[0]!, "good", 5_300);
    expect(breaker.state(5_300)).toBe("half-open");
    breaker.end(four[1]!, "good", 5_300);
    expect([breaker.state(5_300), breaker.mayPassAt(5_300)]).toEqual(["closed", 5_300]);
    // The other probes belong to the past.
    breaker.end(four[2]!, "bad", 5_400);
    breaker.end(four[3]!, "bad", 5_400);
    send(breaker, "bad", 5_400, 19);
    expect(breaker.state(5_400)).toBe("closed");
  });

  test("a probe that goes badly opens it for twice as long, up to five minutes", () => {
    const breaker = opened();
    const opens: number[] = [];
    let now = breaker.mayPassAt(0);
    for (let time = 0; time < 9; time++) {
      send(breaker, "bad", now);
      opens.push(breaker.mayPassAt(now) - now);
      now = breaker.mayPassAt(now);
    }
    expect(opens).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000, 300_000]);
  });

  test("a probe that was cancelled makes room for another", () => {
    const breaker = opened();
    send(breaker, "unknown", 5_000);
    expect([breaker.state(5_000), breaker.mayPassAt(5_000)]).toEqual(["half-open", 5_000]);
  });

  test("what was under way when it opened does not decide on the probes", () => {
    const breaker = new CircuitBreaker(middle);
    const late = breaker.pass(0);
    send(breaker, "bad", 0, 20);
    const probe = breaker.pass(5_000);
    breaker.end(late, "bad", 5_010);
    expect(breaker.state(5_010)).toBe("half-open");
    breaker.end(probe, "good", 5_020);
    expect(breaker.mayPassAt(5_020)).toBe(5_020);
  });

  test("after a recovery it begins anew with five seconds", () => {
    const breaker = opened();
    send(breaker, "bad", 5_000);
    let now = breaker.mayPassAt(5_000);
    send(breaker, "good", now, 5);
    expect(breaker.state(now)).toBe("closed");
    now += 60_000;
    send(breaker, "bad", now, 20);
    expect(breaker.mayPassAt(now) - now).toBe(5_000);
  });

  test.each([
    [0, 4_000],
    [0.999_999, 6_000],
  ])("by chance up to a fifth less or more (%d)", (random, time) => {
    const breaker = new CircuitBreaker(() => random);
    send(breaker, "bad", 0, 20);
    expect(breaker.mayPassAt(0)).toBeCloseTo(time, 1);
  });
});

test.each([1, 2, 3, 4, 5])(
  "probes that are out are never more than four, nothing passes while it is open, and no state is a trap (seed %i)",
  seed => {
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const breaker = new CircuitBreaker(random);
    const out: { permit: number; probe: boolean }[] = [];
    let now = 0;
    for (let step = 0; step < 50_000; step++) {
      now += random() * 200;
      const isDown = Math.floor(now / 60_000) % 2 === 1;
      if (random() < 0.5 && breaker.mayPassAt(now) <= now) {
        const before = breaker.state(now);
        expect(before).not.toBe("open");
        out.push({ permit: breaker.pass(now), probe: before === "half-open" });
      } else if (out.length > 0) {
        const [ended] = out.splice(Math.floor(random() * out.length), 1);
        breaker.end(ended!.permit, random() < 0.1 ? "unknown" : isDown ? "bad" : "good", now);
      }
      const probes = out.filter(({ probe, permit }) => probe && permit === out.at(-1)?.permit);
      if (breaker.state(now) === "half-open") expect(probes.length).toBeLessThanOrEqual(4);
    }
    // All ends well: within a few rounds it is closed again.
    for (const { permit } of out) breaker.end(permit, "good", now);
    for (let round = 0; round < 10 && breaker.state(now) !== "closed"; round++) {
      now = Math.max(now, breaker.mayPassAt(now));
      send(breaker, "good", now);
    }
    expect(breaker.state(now)).toBe("closed");
  },
);
