import { expect, test } from "@skein/testkit";
import type { Timer } from "../core/clock.ts";
import { seededRandom } from "../core/seeded-random.ts";
import { VirtualClock } from "./virtual-clock.ts";

function sleep(clock: VirtualClock, ms: number): Promise<void> {
  return new Promise(resolve => {
    clock.setTimer(resolve, ms);
  });
}

test("goes on by itself, hours in no time, and stands still afterwards", async () => {
  const clock = new VirtualClock(1);
  const startedAt = performance.now();
  const told = await clock.runUntil(sleep(clock, 3_600_000).then(() => "slept"));
  expect([told, clock.now(), clock.pendingTimers]).toEqual(["slept", 3_600_000, 0]);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test("time goes on only when all that follows from an instant is done: hundreds of promises in a row", async () => {
  const clock = new VirtualClock(1);
  const ends: [at: number, name: string][] = [];
  const chain = async (name: string, links: number, nested: boolean) => {
    await sleep(clock, 10);
    for (let i = 0; i < links; i++) await (nested ? (async () => Promise.resolve(i))() : undefined);
    await new Promise<void>(resolve => process.nextTick(resolve));
    await new Promise<void>(resolve => queueMicrotask(resolve));
    ends.push([clock.now(), name]);
  };
  // The next instant is a hair later: whatever is not done by then would see its time.
  for (let i = 1; i <= 100; i++) clock.setTimer(() => ends.push([clock.now(), "next"]), 10 + i * 1e-6);
  await clock.runUntil(
    Promise.all([chain("a", 500, false), chain("b", 800, true), chain("c", 300, true), sleep(clock, 11)]),
  );
  expect(ends.slice(0, 3).map(([at]) => at)).toEqual([10, 10, 10]);
  expect(new Set(ends.slice(0, 3).map(([, name]) => name))).toEqual(new Set(["a", "b", "c"]));
  expect(ends.slice(3).every(([, name]) => name === "next")).toBe(true);
});

test("timers of one time fire in the order they were set, those that they set for now after them", async () => {
  const clock = new VirtualClock(1);
  const fired: string[] = [];
  clock.setTimer(() => {
    fired.push("a");
    clock.setTimer(() => fired.push("from a"), 0);
    void Promise.resolve().then(() => fired.push("promise of a"));
  }, 5);
  clock.setTimer(() => fired.push("b"), 5);
  await clock.runUntil(sleep(clock, 6));
  expect(fired).toEqual(["a", "b", "promise of a", "from a"]);
});

test("thousands of timers, set and cancelled at random, fire in their order (random)", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const clock = new VirtualClock(seed);
  const expected: number[] = [];
  const fired: number[] = [];
  const timers: Timer[] = [];
  for (let i = 0; i < 5_000; i++) {
    const at = Math.floor(random() * 500);
    timers.push(clock.setTimer(() => fired.push(at), at));
    expected.push(at);
  }
  const kept = expected.filter((_, i) => {
    const isCancelled = random() < 0.5;
    if (isCancelled) timers[i]!.cancel();
    return !isCancelled;
  });
  expect(clock.pendingTimers, `seed ${seed}`).toBe(kept.length);
  await clock.runUntil(sleep(clock, 501));
  for (const timer of timers) timer.cancel();
  expect(fired, `seed ${seed}`).toEqual(kept.toSorted((a, b) => a - b));
});

test("work that waits for what never comes is told so; what it throws is thrown", async () => {
  const clock = new VirtualClock(1);
  const stuck = clock.runUntil(sleep(clock, 90_000).then(() => new Promise<never>(() => {})));
  await expect(stuck).rejects.toThrow("the simulation stands still at 1 min 30 s");
  await expect(clock.runUntil(Promise.reject(new Error("mine")))).rejects.toThrow("mine");
});

test("a timer that throws ends the run with its error", async () => {
  const clock = new VirtualClock(1);
  clock.setTimer(() => {
    throw new Error("from a timer");
  }, 1);
  await expect(clock.runUntil(sleep(clock, 2))).rejects.toThrow("from a timer");
  expect(clock.now()).toBe(1);
});

test("what takes real time is waited for, while nothing virtual is left", async () => {
  const clock = new VirtualClock(1);
  const real = new Promise<string>(resolve => setTimeout(resolve, 50, "read"));
  expect(await clock.runUntil(real)).toBe("read");
});
