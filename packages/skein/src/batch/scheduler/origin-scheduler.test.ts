import { describe, expect, test } from "@skein/testkit";
import { OriginScheduler } from "./origin-scheduler.ts";

const NEVER = Number.POSITIVE_INFINITY;

interface Job {
  readonly origin: string;
  readonly deadline: number;
  readonly id: number;
}

function fill(scheduler: OriginScheduler<Job>, counts: Record<string, number>): void {
  for (const [origin, count] of Object.entries(counts)) {
    for (let id = 0; id < count; id++) scheduler.add({ origin, id, deadline: NEVER });
  }
}

function take(scheduler: OriginScheduler<Job>, count: number, now = 0): string[] {
  return Array.from({ length: count }, () => scheduler.next(now)).map(job =>
    job === undefined ? "-" : `${job.origin}${job.id}`,
  );
}

test("origins take turns, however many tasks each has", () => {
  const scheduler = new OriginScheduler<Job>(100);
  fill(scheduler, { a: 1_000, b: 3, c: 2 });
  expect(take(scheduler, 9)).toEqual(["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "a3"]);
});

test("no origin runs more than its limit, and goes on when one of its tasks ends", () => {
  const scheduler = new OriginScheduler<Job>(2);
  fill(scheduler, { a: 5 });
  const first = scheduler.next(0)!;
  expect(take(scheduler, 2)).toEqual(["a1", "-"]);
  scheduler.release(first);
  expect(take(scheduler, 2)).toEqual(["a2", "-"]);
});

test("while origins have work, none gets more than one turn more than another", () => {
  const scheduler = new OriginScheduler<Job>(50);
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
    const scheduler = new OriginScheduler<Job>(10);
    fill(scheduler, { a: 3, b: 3 });
    expect(take(scheduler, 1)).toEqual(["a0"]);
    expect(scheduler.throttle("a", { now: 100, retryAfterMs: 1_000, random: 0 })).toBe(1_100);
    expect(take(scheduler, 4, 200)).toEqual(["b0", "b1", "b2", "-"]);
    expect(scheduler.wakeAt).toBe(1_100);
    expect(take(scheduler, 3, 1_100)).toEqual(["a1", "a2", "-"]);
  });

  test("is given up after a quarter of an hour of nothing else", () => {
    const scheduler = new OriginScheduler<Job>(10);
    fill(scheduler, { a: 1 });
    scheduler.next(0);
    expect(scheduler.throttle("a", { now: 0, retryAfterMs: undefined, random: 0 })).toBe(2_000);
    expect(scheduler.throttle("a", { now: 16 * 60_000, retryAfterMs: undefined, random: 0 })).toBeUndefined();
  });

  test("is trusted again after an answer", () => {
    const scheduler = new OriginScheduler<Job>(10);
    fill(scheduler, { a: 2 });
    scheduler.next(0);
    scheduler.throttle("a", { now: 0, retryAfterMs: undefined, random: 0 });
    scheduler.answered("a");
    expect(scheduler.throttle("a", { now: 10_000, retryAfterMs: undefined, random: 0 })).toBe(12_000);
  });
});

test("delayed tasks come back when they are due; clear forgets all that has not started", () => {
  const scheduler = new OriginScheduler<Job>(10);
  scheduler.delay({ origin: "a", id: 1, deadline: NEVER }, 500);
  scheduler.delay({ origin: "a", id: 2, deadline: NEVER }, 100);
  expect(scheduler.takeDue(99)).toEqual([]);
  expect(scheduler.takeDue(100)).toEqual([{ origin: "a", id: 2, deadline: NEVER }]);
  fill(scheduler, { b: 2 });
  expect(scheduler.clear()).toHaveLength(3);
  expect([scheduler.ready, scheduler.delayed, scheduler.next(1e9)]).toEqual([0, 0, undefined]);
});

test("tasks that are out of time are taken out, ready ones and delayed ones; those that were given are not", () => {
  const scheduler = new OriginScheduler<Job>(1);
  const given = { origin: "a", id: 0, deadline: 50 };
  const ready = { origin: "a", id: 1, deadline: 100 };
  const delayed = { origin: "b", id: 2, deadline: 200 };
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
