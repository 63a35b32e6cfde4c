import { expect, onTestFinished, test } from "@skein/testkit";
import { nodeClock } from "./node-clock.ts";

test("a timer fires once its time has come", async () => {
  const start = nodeClock.now();
  await new Promise<void>(resolve => nodeClock.setTimer(resolve, 20));
  expect(nodeClock.now() - start).toBeGreaterThan(19);
});

test.each([2 ** 31, 1e15, Number.POSITIVE_INFINITY])(
  "a timer of %d ms does not fire at once",
  async delay => {
    let fired = false;
    const timer = nodeClock.setTimer(() => {
      fired = true;
    }, delay);
    onTestFinished(() => timer.cancel());
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(fired).toBe(false);
  },
);
