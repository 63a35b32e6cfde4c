import { describe, expect, fakeClock, test } from "@skein/testkit";
import { HandlerError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import { ProgressMeter } from "./progress-meter.ts";

function meterOf(total?: number) {
  const clock = fakeClock();
  const told: Progress[] = [];
  const meter = new ProgressMeter(progress => void told.push(progress), clock, { name: "onProgress", total });
  return { clock, told, meter };
}

describe("a progress meter", () => {
  test("tells at most 20 times a second, and of the end", async () => {
    const { clock, told, meter } = meterOf(1_000);
    for (let i = 0; i < 1_000; i++) {
      await meter.add(1);
      clock.advance(1);
    }
    await meter.end();
    expect(told.length).toBeLessThanOrEqual(22);
    expect(told.length).toBeGreaterThanOrEqual(20);
    expect(told.at(-1)).toMatchObject({ bytes: 1_000, total: 1_000 });
  });

  test("tells the rate of the last seconds", async () => {
    const { clock, told, meter } = meterOf();
    const run = async (bytesPerMs: number, ms: number) => {
      for (let i = 0; i < ms / 50; i++) {
        clock.advance(50);
        await meter.add(bytesPerMs * 50);
      }
    };
    await run(100, 10_000);
    expect(told.at(-1)!.rate).toBeCloseTo(100_000, -2);
    await run(10, 20_000);
    expect(told.at(-1)!.rate).toBeGreaterThan(9_900);
    expect(told.at(-1)!.rate).toBeLessThan(10_100);
    expect(told.at(-1)!.total).toBeUndefined();
  });

  test("waits for an async listener, and makes what it throws a HandlerError", async () => {
    const meter = new ProgressMeter(() => Promise.reject(new Error("no")), fakeClock(), {
      name: "onProgress",
    });
    await expect(meter.add(1)).rejects.toThrow(HandlerError);
    await expect(meter.end()).rejects.toThrow(/onProgress threw: no/);
  });
});
