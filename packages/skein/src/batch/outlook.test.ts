import { describe, expect, test } from "@skein/testkit";
import { outlook } from "./outlook.ts";
import type { OriginScheduler } from "./scheduler/origin-scheduler.ts";
import type { TaskRecord } from "./task-record.ts";

const NOW = 1_000;

interface Origin {
  readonly ready?: number;
  readonly perSecond?: number;
  /** Left alone until then. */
  readonly until?: number;
}

/** What a batch tells whose origins are these. */
function told(origins: Record<string, Origin>, left: number, tasksPerSecond: number) {
  const scheduler = {
    waiting: () => [],
    *origins() {
      for (const [origin, { ready = 1, perSecond = 0, until }] of Object.entries(origins)) {
        const held = until === undefined ? undefined : { why: "retry-after", until };
        yield { origin, ready, running: 0, perSecond, limits: { concurrency: 10, rate: undefined, held } };
      }
    },
  };
  return outlook(scheduler as unknown as OriginScheduler<TaskRecord<string>>, {
    now: NOW,
    left,
    tasksPerSecond,
  });
}

describe("how long a batch still takes", () => {
  test("as long as what is left, or as its slowest origin", () => {
    const origins = { slow: { ready: 20, perSecond: 2 }, fast: { ready: 5, perSecond: 50 } };
    expect(told(origins, 1_000, 50).eta).toBe(20_000);
    expect(told(origins, 100, 50)).toMatchObject({
      eta: 10_000,
      origins: [
        { origin: "slow", eta: 10_000 },
        { origin: "fast", eta: 100 },
      ],
    });
  });

  test("an origin that is left alone takes that long first, also where nothing of it has ended lately", () => {
    const origins = {
      fast: { perSecond: 10 },
      alone: { until: 61_000 },
      both: { perSecond: 1, until: 21_000 },
    };
    const { eta, origins: slowest } = told(origins, 3, 10);
    expect(eta).toBe(60_000);
    expect(slowest.map(({ origin, eta: ms }) => [origin, ms])).toEqual([
      ["alone", 60_000],
      ["both", 21_000],
      ["fast", 100],
    ]);
  });

  test("nobody knows where nothing has ended, or a probe is waited for", () => {
    const { eta, origins } = told({ begun: {}, probed: { until: Number.POSITIVE_INFINITY } }, 2, 0);
    expect([eta, ...origins.map(origin => origin.eta)]).toEqual([undefined, undefined, undefined]);
  });
});
