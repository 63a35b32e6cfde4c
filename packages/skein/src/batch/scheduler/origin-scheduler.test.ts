import { describe, expect, test } from "@skein/testkit";
import { seededRandom } from "../../core/seeded-random.ts";
import { DEFAULT_BREAKER_RULES } from "../../policy/circuit-breaker.ts";
import { parseRate } from "../../policy/rate.ts";
import { OriginScheduler } from "./origin-scheduler.ts";

const NEVER = Number.POSITIVE_INFINITY;

interface Job {
  readonly origin: string;
  readonly domain?: string;
  readonly deadline: number;
  readonly id: number;
  readonly priority: number;
  readonly retryCost?: number;
}

function schedulerFor(
  perOrigin: number,
  rates: {
    rate?: string;
    perOriginRate?: string;
    findsPerOrigin?: boolean;
    breaks?: boolean;
    perDomain?: number;
  } = {},
) {
  return new OriginScheduler<Job>({
    perOrigin,
    perDomain: rates.perDomain,
    circuitBreaker: rates.breaks ? DEFAULT_BREAKER_RULES : undefined,
    random: () => 0.5,
    findsPerOrigin: rates.findsPerOrigin ?? false,
    rate: rates.rate === undefined ? undefined : parseRate(rates.rate, "rate"),
    perOriginRate: rates.perOriginRate === undefined ? undefined : parseRate(rates.perOriginRate, "rate"),
  });
}

function fill(scheduler: OriginScheduler<Job>, counts: Record<string, number>): void {
  for (const [origin, count] of Object.entries(counts)) {
    for (let id = 0; id < count; id++) scheduler.add({ origin, id, deadline: NEVER, priority: 0 });
  }
}

function take(scheduler: OriginScheduler<Job>, count: number, now = 0): string[] {
  return Array.from({ length: count }, () => scheduler.next(now)).map(job =>
    job === undefined ? "-" : `${job.origin}${job.id}`,
  );
}

test("origins take turns, however many tasks each has", () => {
  const scheduler = schedulerFor(100);
  fill(scheduler, { a: 1_000, b: 3, c: 2 });
  expect(take(scheduler, 9)).toEqual(["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "a3"]);
});

test("no origin runs more than its limit, and goes on when one of its tasks ends", () => {
  const scheduler = schedulerFor(2);
  fill(scheduler, { a: 5 });
  const first = scheduler.next(0)!;
  expect(take(scheduler, 2)).toEqual(["a1", "-"]);
  scheduler.release(first);
  expect(take(scheduler, 2)).toEqual(["a2", "-"]);
});

test("while origins have work, none gets more than one turn more than another", () => {
  const scheduler = schedulerFor(50);
  fill(scheduler, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`o${i}`, 100])));
  const turns = new Map<string, number>();
  for (let i = 0; i < 700; i++) {
    const { origin } = scheduler.next(0)!;
    turns.set(origin, (turns.get(origin) ?? 0) + 1);
  }
  expect(Math.max(...turns.values()) - Math.min(...turns.values())).toBeLessThanOrEqual(1);
});

describe("an origin that throttles", () => {
  test("gets nothing until it has cooled down, and then goes on; the others are not held up", () => {
    const scheduler = schedulerFor(10);
    fill(scheduler, { a: 3, b: 3 });
    expect(take(scheduler, 1)).toEqual(["a0"]);
    expect(scheduler.throttle("a", { now: 100, retryAfterMs: 1_000, random: 0 })).toBe(1_100);
    expect(take(scheduler, 4, 200)).toEqual(["b0", "b1", "b2", "-"]);
    expect(scheduler.wakeAt).toBe(1_100);
    expect(take(scheduler, 3, 1_100)).toEqual(["a1", "a2", "-"]);
  });

  test("is given up after a quarter of an hour of nothing else", () => {
    const scheduler = schedulerFor(10);
    fill(scheduler, { a: 1 });
    scheduler.next(0);
    expect(scheduler.throttle("a", { now: 0, retryAfterMs: undefined, random: 0 })).toBe(2_000);
    expect(scheduler.throttle("a", { now: 16 * 60_000, retryAfterMs: undefined, random: 0 })).toBeUndefined();
  });

  test("is trusted again after an answer", () => {
    const scheduler = schedulerFor(10);
    fill(scheduler, { a: 2 });
    scheduler.next(0);
    scheduler.throttle("a", { now: 0, retryAfterMs: undefined, random: 0 });
    scheduler.answered("a");
    expect(scheduler.throttle("a", { now: 10_000, retryAfterMs: undefined, random: 0 })).toBe(12_000);
  });
});

test("delayed tasks come back when they are due; clear forgets all that has not started", () => {
  const scheduler = schedulerFor(10);
  scheduler.delay({ origin: "a", id: 1, deadline: NEVER, priority: 0 }, 500);
  scheduler.delay({ origin: "a", id: 2, deadline: NEVER, priority: 0 }, 100);
  expect(scheduler.takeDue(99)).toEqual([]);
  expect(scheduler.takeDue(100)).toEqual([{ origin: "a", id: 2, deadline: NEVER, priority: 0 }]);
  fill(scheduler, { b: 2 });
  expect(scheduler.clear()).toHaveLength(3);
  expect([scheduler.ready, scheduler.delayed, scheduler.next(1e9)]).toEqual([0, 0, undefined]);
});

test("tasks that are out of time are taken out, ready ones and delayed ones; those that were given are not", () => {
  const scheduler = schedulerFor(1);
  const given = { origin: "a", id: 0, deadline: 50, priority: 0 };
  const ready = { origin: "a", id: 1, deadline: 100, priority: 0 };
  const delayed = { origin: "b", id: 2, deadline: 200, priority: 0 };
  scheduler.add(given);
  expect(scheduler.next(0)).toBe(given);
  scheduler.add(ready);
  scheduler.delay(delayed, 500);
  fill(scheduler, { a: 1 });
  expect([scheduler.nextDeadline, scheduler.takeExpired(99)]).toEqual([100, []]);
  expect(scheduler.takeExpired(250)).toEqual([ready, delayed]);
  expect([scheduler.nextDeadline, scheduler.ready, scheduler.delayed]).toEqual([NEVER, 1, 0]);
  scheduler.release(given);
  expect(take(scheduler, 2, 250)).toEqual(["a0", "-"]);
});

test("the higher priority goes first, on ties the earliest deadline, then the first that came", () => {
  const scheduler = schedulerFor(10);
  const jobs: [priority: number, deadline: number][] = [
    [0, NEVER],
    [-1, 10],
    [0, 900],
    [5, NEVER],
    [0, 800],
    [5, 700],
    [0, NEVER],
  ];
  for (const [id, [priority, deadline]] of jobs.entries())
    scheduler.add({ origin: "a", id, priority, deadline });
  expect(take(scheduler, 8)).toEqual(["a5", "a3", "a4", "a2", "a0", "a6", "a1", "-"]);
});

test("priorities do not take another origin's turn", () => {
  const scheduler = schedulerFor(10);
  for (let id = 0; id < 3; id++) {
    scheduler.add({ origin: "a", id, priority: 9, deadline: NEVER });
    scheduler.add({ origin: "b", id, priority: 0, deadline: NEVER });
  }
  expect(take(scheduler, 6)).toEqual(["a0", "b0", "a1", "b1", "a2", "b2"]);
});

describe("a rate", () => {
  test("of all origins spaces what is sent, whoever it goes to", () => {
    const scheduler = schedulerFor(10, { rate: "10/s" });
    fill(scheduler, { a: 2, b: 2 });
    expect([take(scheduler, 2, 0), scheduler.wakeAt]).toEqual([["a0", "-"], expect.closeTo(100, 3)]);
    expect(take(scheduler, 2, 101)).toEqual(["b0", "-"]);
    expect(take(scheduler, 2, 202)).toEqual(["a1", "-"]);
  });

  test("of an origin does not hold up the others, and is not forgotten between two tasks", () => {
    const scheduler = schedulerFor(10, { perOriginRate: "10/s" });
    fill(scheduler, { a: 2, b: 1 });
    const first = scheduler.next(0)!;
    expect(take(scheduler, 2, 0)).toEqual(["b0", "-"]);
    expect(scheduler.wakeAt).toBeCloseTo(100, 3);
    scheduler.release(first);
    expect(take(scheduler, 1, 50)).toEqual(["-"]);
    const second = scheduler.next(101)!;
    scheduler.release(second);
    scheduler.add({ origin: "a", id: 7, deadline: NEVER, priority: 0 });
    expect(take(scheduler, 1, 150)).toEqual(["-"]);
    expect(take(scheduler, 1, 202)).toEqual(["a7"]);
  });
});

test("where the limit is found out it begins at 2, and grows while answers stay as fast", () => {
  const scheduler = schedulerFor(100, { findsPerOrigin: true });
  fill(scheduler, { a: 1_000 });
  let running: Job[] = [];
  const most = [];
  for (let now = 0; now < 3_000; now += 100) {
    for (const job of running) scheduler.release(job, { now, good: true, ms: 100, outcome: "good" });
    running = [];
    for (let job = scheduler.next(now); job !== undefined; job = scheduler.next(now)) running.push(job);
    most.push(running.length);
  }
  expect(most[0]).toBe(2);
  expect(Math.max(...most)).toBeGreaterThanOrEqual(32);
});

test("a throttling halves what an origin may have in flight; answers give it back by and by", () => {
  const scheduler = schedulerFor(4);
  fill(scheduler, { a: 40 });
  const started = Array.from({ length: 4 }, () => scheduler.next(0)!);
  scheduler.throttle("a", { now: 0, retryAfterMs: 10, random: 0 });
  for (const job of started) scheduler.release(job);
  expect(take(scheduler, 3, 20)).toEqual(["a4", "a5", "-"]);
  for (let i = 0; i < 2; i++) scheduler.answered("a");
  expect(take(scheduler, 2, 20)).toEqual(["a6", "-"]);
  for (let i = 0; i < 6; i++) scheduler.answered("a");
  expect(take(scheduler, 2, 20)).toEqual(["a7", "-"]);
});

test("whatever comes and goes, no origin with work is passed over twice for another (random, seed 77)", () => {
  const random = seeded(77);
  for (let round = 0; round < 50; round++) {
    const scheduler = schedulerFor(1 + Math.floor(random() * 4));
    const origins = Array.from({ length: 2 + Math.floor(random() * 8) }, (_, i) => `o${i}`);
    const running: Job[] = [];
    const since = new Map<string, Map<string, number>>();
    fill(scheduler, Object.fromEntries(origins.map(origin => [origin, 300])));
    const limit = (origin: string) => running.filter(job => job.origin === origin).length;
    for (let step = 0; step < 300; step++) {
      while (running.length > 0 && random() < 0.5)
        scheduler.release(running.splice(Math.floor(random() * running.length), 1)[0]!);
      const job = scheduler.next(0);
      if (job === undefined) continue;
      // How often `job.origin` was served while another, that could have been, was not.
      for (const other of origins) {
        const passed = since.get(other) ?? new Map<string, number>();
        since.set(other, passed);
        if (other === job.origin || limit(other) > 0) passed.clear();
        else passed.set(job.origin, (passed.get(job.origin) ?? 0) + 1);
        expect(Math.max(0, ...passed.values())).toBeLessThanOrEqual(2);
      }
      running.push(job);
    }
  }
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("domains with a limit", () => {
  /** Origins a1, a2 … of the domain a, b1 … of b. */
  const fillDomains = (scheduler: OriginScheduler<Job>, counts: Record<string, number>) => {
    for (const [origin, count] of Object.entries(counts))
      for (let id = 0; id < count; id++)
        scheduler.add({ origin, domain: origin[0]!, id, deadline: NEVER, priority: 0 });
  };

  test("its origins share the limit, and other domains go on", () => {
    const scheduler = schedulerFor(8, { perDomain: 2 });
    fillDomains(scheduler, { a1: 3, a2: 3, a3: 3, b1: 3 });
    const started = [0, 0, 0, 0, 0].map(() => scheduler.next(0));
    const names = started.map(job => job && `${job.origin}.${job.id}`);
    expect(names.toSorted()).toEqual(["a1.0", "a2.0", "b1.0", "b1.1", undefined]);
    scheduler.release(started.find(job => job?.origin === "a1")!);
    expect(scheduler.next(0)?.origin).toBe("a3");
    expect(scheduler.next(0)).toBeUndefined();
  });

  test("whoever waits for room has a turn, whatever keeps those before it", () => {
    const scheduler = schedulerFor(8, { perDomain: 1 });
    fillDomains(scheduler, { a1: 1, a2: 1, a3: 1 });
    const first = scheduler.next(0)!;
    expect(scheduler.next(0)).toBeUndefined();
    // The one that would be next cools down.
    scheduler.throttle("a2", { now: 0, retryAfterMs: 5_000, random: 0 });
    scheduler.release(first);
    const second = scheduler.next(0)!;
    expect([first.origin, second.origin]).toEqual(["a1", "a3"]);
    scheduler.release(second);
    expect(scheduler.next(0)).toBeUndefined();
    expect(scheduler.next(6_000)?.origin).toBe("a2");
  });

  test("no task is left over, in any order of ends, and no more run than may", () => {
    const most = 3;
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const scheduler = schedulerFor(2, { perDomain: most });
      const counts = Object.fromEntries(
        ["a1", "a2", "a3", "a4", "b1", "b2"].map(origin => [origin, 1 + Math.floor(random() * 9)]),
      );
      fillDomains(scheduler, counts);
      const running: Job[] = [];
      let done = 0;
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      for (let step = 0; done < total; step++) {
        expect(step, `seed ${seed}: it stands still`).toBeLessThan(1_000);
        const job = random() < 0.6 ? scheduler.next(step) : undefined;
        if (job !== undefined) running.push(job);
        for (const domain of ["a", "b"])
          expect(
            running.filter(({ domain: its }) => its === domain).length,
            `seed ${seed}`,
          ).toBeLessThanOrEqual(most);
        if (running.length === 0 || random() < 0.5) continue;
        scheduler.release(running.splice(Math.floor(random() * running.length), 1)[0]!);
        done += 1;
      }
      expect(scheduler.next(9_999)).toBeUndefined();
    }
  });
});
