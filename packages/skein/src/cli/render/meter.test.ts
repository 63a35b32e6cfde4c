import { describe, expect, test } from "@skein/testkit";
import type { JobProgress } from "../../entry/jobs.ts";
import { Meter } from "./meter.ts";

const START: JobProgress = {
  ...{ done: 0, doneBefore: 0, succeeded: 0, failed: 0, unknown: 0, rejected: 0, unchanged: 0, total: 1_000 },
  ...{ running: 0, waiting: 0, pending: 0, bytes: 0, requests: 0, elapsedMs: 0, latency: undefined },
  byStatus: new Map(),
  byError: new Map(),
};

const meter = () => new Meter({ accepts: status => status < 300, topErrors: 2 });

describe("Meter", () => {
  test("the first reading is measured from the beginning of the run, not of the job", () => {
    const view = meter().read({
      ...START,
      done: 600,
      doneBefore: 500,
      requests: 120,
      bytes: 6_000,
      elapsedMs: 2_000,
    });
    expect(view).toMatchObject({ requestsPerSecond: 60, bytesPerSecond: 3_000, eta: 8_000, done: 600 });
  });

  test("speeds are those of the last five seconds", () => {
    const one = meter();
    for (let second = 1; second <= 10; second++) {
      one.read({ ...START, requests: second * 100, elapsedMs: second * 1_000 });
    }
    const stalled = one.read({ ...START, requests: 1_000, elapsedMs: 14_000 });
    expect(stalled.requestsPerSecond).toBe(100 / 5);
    expect(one.read({ ...START, requests: 1_000, elapsedMs: 16_000 }).requestsPerSecond).toBe(0);
  });

  test("are told too where one looks every five seconds, or a moment later", () => {
    const one = meter();
    const seen = [5_000.4, 10_001, 15_001.3].map(elapsedMs =>
      Math.round(one.read({ ...START, requests: elapsedMs / 10, elapsedMs }).requestsPerSecond),
    );
    expect(seen).toEqual([100, 100, 100]);
  });

  test("the rest can't be told while nothing ends, nor while the list is read", () => {
    expect(meter().read({ ...START, elapsedMs: 1_000 }).eta).toBeUndefined();
    expect(meter().read({ ...START, done: 9, total: undefined, elapsedMs: 9 }).eta).toBeUndefined();
    expect(meter().read({ ...START, done: 1_000, elapsedMs: 1_000 }).eta).toBe(0);
  });

  test("the rest takes at least as long as somebody is left alone", () => {
    const held = (waitMs: number | undefined) =>
      [{ origin: "http://a.example", waitsFor: "retry-after", waitMs, open: 1 }] as const;
    const progress = { ...START, done: 500, elapsedMs: 1_000 };
    expect(meter().read(progress, held(90_000))).toMatchObject({ eta: 90_000, held: held(90_000) });
    expect(meter().read(progress, held(10)).eta).toBe(1_000);
    expect(meter().read(progress, held(undefined)).eta).toBe(1_000);
    const nothingEnds = { ...START, elapsedMs: 1_000 };
    expect(meter().read(nothingEnds, held(90_000)).eta).toBe(90_000);
    expect(meter().read(nothingEnds, held(undefined)).eta).toBeUndefined();
  });

  test("an estimated total is never below what is done", () => {
    expect(meter().read({ ...START, done: 7, total: 5, elapsedMs: 1 })).toMatchObject({ total: 7, eta: 0 });
  });

  test("refused statuses count by number; the most frequent errors come first, and only some", () => {
    const byStatus = new Map([
      [200, 900],
      [404, 3],
      [503, 5],
    ]);
    const byError = new Map([
      ["HTTP_STATUS", { count: 8, sample: "…" }],
      ["CONNECTION_RESET", { count: 4, sample: "…" }],
    ]);
    expect(meter().read({ ...START, byStatus, byError }).topErrors).toEqual([
      { what: "HTTP 503", count: 5 },
      { what: "connection reset", count: 4 },
    ]);
  });

  test("an item that may or may not have been sent is none that succeeded", () => {
    expect(meter().read({ ...START, failed: 2, unknown: 1 }).failed).toBe(3);
  });
});
