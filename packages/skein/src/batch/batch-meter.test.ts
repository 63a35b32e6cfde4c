import { describe, expect, test } from "@skein/testkit";
import { HTTPStatusError, ReadTimeout } from "../core/errors.ts";
import { BatchMeter } from "./batch-meter.ts";

describe("the meter of a batch", () => {
  test("tells the rate of now and of a minute", () => {
    const meter = new BatchMeter();
    let now = 123_456;
    const run = (perSecond: number, seconds: number) => {
      for (let i = 0; i < perSecond * seconds; i++) {
        now += 1_000 / perSecond;
        meter.attemptEnded(now, 100);
      }
    };
    expect(meter.facts(now).rate).toEqual({ now: 0, minute: 0 });
    run(100, 2);
    expect(meter.facts(now).rate.now).toBeGreaterThan(94);
    expect(meter.facts(now).rate.now).toBeLessThanOrEqual(101);
    run(100, 28);
    run(10, 30);
    const { rate, attempts } = meter.facts(now);
    expect(attempts).toBe(3_300);
    expect(rate.now).toBeCloseTo(10, 0);
    expect(rate.minute).toBeGreaterThan(50);
    expect(rate.minute).toBeLessThan(58);
    // Nothing ends for two minutes, then for an hour.
    expect(meter.facts(now + 120_000).rate).toEqual({ now: 0, minute: 0 });
    expect(meter.facts(now + 3_600_000).rate).toEqual({ now: 0, minute: 0 });
  });

  test("tells how long attempts take", () => {
    const meter = new BatchMeter();
    expect(meter.facts(0).latency).toBeUndefined();
    for (let ms = 1; ms <= 1_000; ms++) meter.attemptEnded(ms, ms);
    const { p50, p95, p99 } = meter.facts(1_000).latency!;
    for (const [value, expected] of [
      [p50, 500],
      [p95, 950],
      [p99, 990],
    ] as const)
      expect(Math.abs(value / expected - 1)).toBeLessThan(0.03);
  });

  test("tells what fails most: codes, and statuses", () => {
    const meter = new BatchMeter();
    const status = (code: number) =>
      new HTTPStatusError({ status: code, reasonPhrase: "" } as never, "answered");
    for (const error of [status(404), status(404), status(500), new ReadTimeout("READ_TIMEOUT", "slow")])
      meter.failed(error);
    expect(meter.facts(0).errors[0]).toEqual({ error: "HTTP_STATUS 404", count: 2 });
    expect(meter.facts(0).errors).toContainEqual({ error: "READ_TIMEOUT", count: 1 });
    expect(meter.facts(0).errors).toHaveLength(3);
  });
});
