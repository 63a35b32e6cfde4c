import { MessageChannel } from "node:worker_threads";
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

test("a timer of no time fires after what has arrived was read, however long the callbacks before it took", async () => {
  const { port1, port2 } = new MessageChannel();
  const order: string[] = [];
  port2.on("message", () => order.push("read"));
  onTestFinished(() => port1.close());
  await new Promise<void>(resolve => {
    setTimeout(() => {
      port1.postMessage("");
      const timer = nodeClock.setTimer(() => {
        order.push("timer");
        resolve();
      }, 0);
      timer.unref();
      // The other timers of this turn take their time.
      const end = performance.now() + 20;
      while (performance.now() < end);
    }, 1);
    setTimeout(() => {}, 1);
  });
  expect(order).toEqual(["read", "timer"]);
});
