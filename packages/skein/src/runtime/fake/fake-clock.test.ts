import { expect, fakeClock, test } from "@skein/testkit";

test("stands still until it is told to go on", () => {
  const clock = fakeClock({ wallStart: 1_000_000 });
  expect([clock.now(), clock.wallNow()]).toEqual([0, 1_000_000]);
  clock.advance(250);
  expect([clock.now(), clock.wallNow()]).toEqual([250, 1_000_250]);
});

test("timers fire once, in the order of their times, each at its time", () => {
  const clock = fakeClock();
  const fired: [string, number][] = [];
  const set = (name: string, delay: number) => clock.setTimer(() => fired.push([name, clock.now()]), delay);
  set("c", 30);
  set("a", 10);
  set("b1", 20);
  set("b2", 20);
  clock.advance(20);
  expect(fired).toEqual([
    ["a", 10],
    ["b1", 20],
    ["b2", 20],
  ]);
  expect([clock.pendingTimers, clock.nextTimerIn]).toEqual([1, 10]);
  clock.advance(100);
  expect(fired.at(-1)).toEqual(["c", 30]);
  expect([clock.now(), clock.pendingTimers, clock.nextTimerIn]).toEqual([120, 0, undefined]);
});

test("a timer that was cancelled does not fire; cancelling is safe twice and after it fired", () => {
  const clock = fakeClock();
  let fired = 0;
  const count = () => {
    fired += 1;
  };
  const cancelled = clock.setTimer(count, 5);
  const kept = clock.setTimer(count, 5);
  cancelled.cancel();
  cancelled.cancel();
  clock.advance(5);
  kept.cancel();
  expect(fired).toBe(1);
});

test("what a timer sets within the time is fired too", () => {
  const clock = fakeClock();
  const at: number[] = [];
  const again = () => {
    at.push(clock.now());
    if (at.length < 3) clock.setTimer(again, 10);
  };
  clock.setTimer(again, 10);
  clock.advance(25);
  expect(at).toEqual([10, 20]);
  clock.advance(5);
  expect(at).toEqual([10, 20, 30]);
});

test("tick lets promises run between timers: a loop that sleeps gets as far as on a real clock", async () => {
  const clock = fakeClock();
  const sleep = (ms: number) => new Promise<void>(resolve => clock.setTimer(resolve, ms));
  const at: number[] = [];
  const loop = async () => {
    for (let i = 0; i < 5; i++) {
      await sleep(10);
      at.push(clock.now());
    }
  };
  const done = loop();
  await clock.tick(30);
  expect(at).toEqual([10, 20, 30]);
  await clock.tick(20);
  await done;
  expect(at).toEqual([10, 20, 30, 40, 50]);
});

test("random is the same in every run, in [0, 1), and can be given", () => {
  const draw = () => {
    const clock = fakeClock();
    return Array.from({ length: 1_000 }, () => clock.random());
  };
  const numbers = draw();
  expect(draw()).toEqual(numbers);
  expect(new Set(numbers).size).toBe(1_000);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(fakeClock({ random: () => 0.25 }).random()).toBe(0.25);
});

test("tells whether a timer would keep the process alive", () => {
  const clock = fakeClock();
  expect(clock.isReferenced).toBe(false);
  const timer = clock.setTimer(() => {}, 10);
  expect(clock.isReferenced).toBe(true);
  timer.unref();
  expect(clock.isReferenced).toBe(false);
  timer.ref();
  expect(clock.isReferenced).toBe(true);
});
