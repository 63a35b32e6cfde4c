import { describe, expect, test, vi } from "@skein/testkit";
import {
  exponential,
  type LatencyLaw,
  type ServerOptions,
  Simulation,
  uniform,
} from "../../src/entry/testing.ts";

/** `perOrigin: "auto"` against one server of one line: found is what it can do, and not much more stands in its queue. */

// Seconds of work, on a machine that may have other work as well.
vi.setConfig({ testTimeout: 180_000 });

const SEEDS = [1, 2, 3, 4, 5];
const LIMITS = { maxConnections: 2_000, maxConnectionsPerOrigin: 2_000 };

interface Load extends ServerOptions {
  readonly seed: number;
  readonly slots: number;
  /** Requests in all. */
  readonly count: number;
}

async function load({ seed, count, ...options }: Load) {
  const sim = new Simulation({ seed });
  const server = sim.server("https://a.test", options);
  const client = sim.client({ limits: LIMITS });
  function* urls() {
    for (let i = 0; i < count; i++) yield "https://a.test/";
  }
  await sim.run(async () => {
    for await (const task of client.batch(urls(), { concurrency: 2_000, perOrigin: "auto" }))
      if (task.state === "failed") throw task.error;
  });
  const used = (from: number, to: number, slots: number) =>
    server.during(from, to).busyMs / ((to - from) * slots);
  return { server, used };
}

async function runs(options: Omit<Load, "seed">) {
  const done: Awaited<ReturnType<typeof load>>[] = [];
  for (const seed of SEEDS) done.push(await load({ ...options, seed }));
  const mean = (figure: (run: (typeof done)[number]) => number) =>
    done.reduce((sum, run) => sum + figure(run), 0) / done.length;
  return mean;
}

const varied = (ms: number): LatencyLaw => uniform(0.75 * ms, 1.25 * ms);

const SERVERS = [
  {
    slots: 4,
    ms: 200,
    times: "that vary by a quarter",
    law: varied(200),
    seconds: 60,
    most: 2.6,
    first: 0.85,
  },
  {
    slots: 100,
    ms: 100,
    times: "that vary by a quarter",
    law: varied(100),
    seconds: 30,
    most: 1.6,
    first: 0.65,
  },
  {
    slots: 500,
    ms: 100,
    times: "that vary by a quarter",
    law: varied(100),
    seconds: 12,
    most: 1.6,
    first: 0.55,
  },
  { slots: 100, ms: 100, times: "exponential", law: exponential(100), seconds: 30, most: 1.6, first: 0.6 },
];

describe.each(SERVERS)("a server of $slots slots, times $times, mean of 5 seeds", server => {
  const { slots, ms, law, seconds, most, first } = server;
  const count = (seconds * 1_000 * slots) / ms;

  test("from the 5th second on 97 % of it are used at least, and its queue stays short", async () => {
    const mean = await runs({ slots, serviceTime: law, count });
    const used = mean(run => run.used(4_000, seconds * 1_000 - 1_000, slots));
    const begun = mean(run => run.used(0, 4_000, slots));
    const p50 = mean(run => run.server.percentile(0.5)) / ms;
    expect(used).toBeGreaterThanOrEqual(0.97);
    expect(begun).toBeGreaterThanOrEqual(first);
    expect(p50).toBeLessThanOrEqual(most);
  });

  test("with a queue of as many as its slots it sends 1 % away at most", async () => {
    const overload = { status: 503, retryAfter: "1s" } as const;
    const mean = await runs({ slots, queue: slots, overload, serviceTime: law, count: count / 2 });
    expect(mean(({ server }) => server.refused / server.received)).toBeLessThanOrEqual(0.01);
  });
});

test("of a minute, its start included, 97 % of a server of 500 slots are used (one seed)", async () => {
  const { used } = await load({ seed: 1, slots: 500, serviceTime: varied(100), count: 290_000 });
  expect(used(0, 59_000, 500)).toBeGreaterThanOrEqual(0.97);
});

test("ten minutes of it: the queue does not grow with time, mean of 5 seeds", async () => {
  const mean = await runs({ slots: 4, serviceTime: varied(200), count: 12_000 });
  expect(mean(({ server }) => server.percentile(0.5))).toBeLessThanOrEqual(2.6 * 200);
  expect(mean(({ used }) => used(500_000, 590_000, 4))).toBeGreaterThanOrEqual(0.97);
});

test.each([0.5, 2])("capacity times %s: within 15 % of it in 10 s, mean of 5 seeds", async factor => {
  const after = 100 * factor;
  const count = 10_000 + 15_000 * factor;
  const mean = await runs({ slots: 100, serviceTime: varied(100), count, at: [["10s", { slots: after }]] });
  const used = mean(run => run.used(20_000, 24_000, after));
  expect(used).toBeGreaterThanOrEqual(0.85);
});
