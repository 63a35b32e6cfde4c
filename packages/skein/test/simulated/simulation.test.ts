import { describe, expect, test } from "@skein/testkit";
import { isInvalidOption, type SkeinError } from "../../src/entry/node.ts";
import {
  constant,
  exponential,
  lognormal,
  type ServerOptions,
  Simulation,
  uniform,
} from "../../src/entry/testing.ts";

const URL_A = "https://a.test/";

/** What a batch of so many requests to one server comes to. */
async function runBatch(options: ServerOptions, { seed = 1, count = 1_000, concurrency = 50 } = {}) {
  const sim = new Simulation({ seed });
  const server = sim.server(URL_A, options);
  const client = sim.client({ timeout: "20s" });
  const result = await sim.run(async () => {
    const ends: Record<string, number> = {};
    for await (const task of client.batch(Array(count).fill(URL_A), { concurrency })) {
      const end = task.state === "succeeded" ? "succeeded" : String(task.error?.code);
      ends[end] = (ends[end] ?? 0) + 1;
    }
    return ends;
  });
  return { sim, server, client, ...result };
}

/** The code of the error that a call to a server ends with, and how long it took. */
async function endOfCall(options: ServerOptions, timeout?: Record<string, string>) {
  const sim = new Simulation();
  const server = sim.server(URL_A, options);
  const client = sim.client({ retry: { attempts: 1 }, ...(timeout && { timeout }) });
  const { value, elapsed } = await sim.run(() =>
    client.get(URL_A).then(
      response => response.status,
      (error: SkeinError) => error.code,
    ),
  );
  return { end: value, elapsed, server };
}

describe("the same seed", () => {
  const options: ServerOptions = {
    slots: 20,
    queue: 100,
    serviceTime: lognormal("50ms"),
    network: exponential(5),
    faults: [
      { kind: 503, share: 0.05 },
      { kind: "reset", share: 0.05 },
      { kind: "cut", share: 0.02 },
      { kind: "hang", share: 0.01 },
    ],
    at: [["1s", { slots: 10 }]],
  };

  test("gives the same, event by event", async () => {
    const [first, second] = [await runBatch(options), await runBatch(options)];
    expect(second.digest).toBe(first.digest);
    expect([second.elapsed, second.requests, second.value]).toEqual([
      first.elapsed,
      first.requests,
      first.value,
    ]);
    expect(first.value.succeeded).toBeGreaterThan(950);
  });

  test("another one another", async () => {
    const digests = await Promise.all(
      [1, 2, 3].map(async seed => (await runBatch(options, { seed })).digest),
    );
    expect(new Set(digests).size).toBe(3);
  });

  test("one server more does not change what another draws", async () => {
    const alone = new Simulation({ seed: 3 });
    const beside = new Simulation({ seed: 3 });
    const elapsed = [];
    for (const sim of [alone, beside]) {
      sim.server(URL_A, { serviceTime: exponential(100) });
      if (sim === beside) sim.server("https://b.test", { serviceTime: exponential(100) });
      const client = sim.client();
      elapsed.push((await sim.run(() => client.get(URL_A))).elapsed);
    }
    expect(elapsed[0]).toBe(elapsed[1]);
  });
});

describe("a server", () => {
  test("works on as many as it has slots, first come, first served", async () => {
    const { elapsed, server, value } = await runBatch({ slots: 10, serviceTime: 100 });
    expect([elapsed, server.served, server.busyMs, value]).toEqual([
      10_000,
      1_000,
      100_000,
      { succeeded: 1_000 },
    ]);
    expect(server.percentile(0.5)).toBeGreaterThan(400);
  });

  test("sends away who finds its queue full, and says when to come again", async () => {
    const { server, value } = await runBatch({
      slots: 5,
      queue: 5,
      serviceTime: 100,
      overload: { status: 429, retryAfter: "1s" },
    });
    expect(value).toEqual({ succeeded: 1_000 });
    expect(server.refused).toBeGreaterThan(10);
    expect(server.received).toBe(server.served + server.refused);
  });

  test("keeps a rate: what is beyond it is a 429", async () => {
    const { server, elapsed } = await runBatch({
      rate: "100/s",
      throttle: { status: 429, retryAfter: "1s" },
    });
    expect(server.served).toBe(1_000);
    expect(server.refused).toBeGreaterThan(0);
    expect(elapsed).toBeGreaterThan(9_000);
  });

  test("changes when it is told to", async () => {
    const { server } = await runBatch({
      slots: 10,
      serviceTime: 100,
      at: [
        ["2s", { slots: 20 }],
        ["4s", { serviceTime: 200 }],
      ],
    });
    expect(
      [server.during("1s", "2s"), server.during("3s", "4s"), server.during("5s", "6s")].map(s => s.served),
    ).toEqual([100, 200, 100]);
    expect(server.during("3s", "4s").busyMs).toBe(20_000);
  });

  test("can be changed while it runs", async () => {
    const sim = new Simulation();
    const server = sim.server(URL_A, { serviceTime: 100 });
    const client = sim.client({ retry: { attempts: 1 } });
    const { value } = await sim.run(async () => {
      const before = (await client.get(URL_A)).status;
      server.change({ outage: 500 });
      const during = (await client.get(URL_A)).status;
      server.change({ outage: null });
      return [before, during, (await client.get(URL_A)).status];
    });
    expect(value).toEqual([200, 500, 200]);
  });

  test.each([
    ["reset", { faults: [{ kind: "reset", share: 1 }] }, "CONNECTION_RESET", 10],
    ["cut", { faults: [{ kind: "cut", share: 1 }] }, "BODY_CUT", 10],
    ["a status", { faults: [{ kind: 502, share: 1 }] }, 502, 10],
    ["hang", { faults: [{ kind: "hang", share: 1 }] }, "READ_TIMEOUT", 3_000],
    ["refused", { outage: "refused" }, "CONNECTION_REFUSED", 0],
    ["unreachable", { outage: "unreachable" }, "CONNECT_TIMEOUT", 2_000],
    ["an outage that hangs", { outage: "hang" }, "READ_TIMEOUT", 3_000],
    ["too slow", { serviceTime: "4s" }, "READ_TIMEOUT", 3_000],
  ] as [string, ServerOptions, string | number, number][])(
    "can fail: %s",
    async (_name, options, end, elapsed) => {
      const timeout = { read: "3s", connect: "2s" };
      expect(await endOfCall(options, timeout)).toMatchObject({ end, elapsed });
    },
  );

  test("that breaks down loses what it is at", async () => {
    const { value, server } = await runBatch(
      { slots: 10, serviceTime: "1s", at: [["500ms", { outage: "reset" }]] },
      { count: 20 },
    );
    expect(value.succeeded).toBeUndefined();
    expect([server.served, server.busy, server.waiting]).toEqual([0, 0, 0]);
  });

  test("goes on with what it began when its client gives up, and forgets what has not begun", async () => {
    const { end, server, elapsed } = await endOfCall({ slots: 1, serviceTime: "5s" }, { total: "1s" });
    expect([end, elapsed, server.busy, server.abandoned]).toEqual(["TOTAL_TIMEOUT", 1_000, 1, 1]);
  });
});

test("a client waits for a connection, as its limits say, and no longer than its timeout", async () => {
  const sim = new Simulation();
  sim.server(URL_A, { serviceTime: "1s" });
  sim.server("https://b.test", { serviceTime: "1s" });
  const client = sim.client({
    limits: { maxConnections: 3, maxConnectionsPerOrigin: 2 },
    timeout: { pool: "2500ms" },
  });
  const ends: [string, number, string][] = [];
  const { elapsed } = await sim.run(() =>
    Promise.all(
      ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "b1", "b2"].map(async name => {
        const call = client.get(`https://${name[0]}.test/${name}`, { retry: { attempts: 1 } });
        const end = await call.then(
          () => "done",
          (error: SkeinError) => error.code,
        );
        ends.push([name, sim.now, end]);
      }),
    ),
  );
  expect(elapsed).toBe(3_000);
  expect(ends.filter(([, , end]) => end === "done").map(([name, at]) => `${name} ${at}`)).toEqual([
    "a1 1000",
    "a2 1000",
    "b1 1000",
    "b2 2000",
    "a3 2000",
    "a4 2000",
    "a5 3000",
    "a6 3000",
  ]);
  expect(ends.find(([name]) => name === "a7")).toEqual(["a7", 2_500, "POOL_TIMEOUT"]);
});

test("laws of latency have the mean that they say (seed 5)", async () => {
  for (const [law, mean] of [
    [constant("10ms"), 10],
    [uniform(10, 30), 20],
    [exponential(20), 20],
    [lognormal(20, 0.5), 20 * Math.exp(0.125)],
  ] as const) {
    const random = new Simulation({ seed: 5 }).clock.random;
    const sum = Array.from({ length: 20_000 }, () => law(random)).reduce((a, b) => a + b);
    expect(Math.abs(sum / 20_000 / mean - 1)).toBeLessThan(0.03);
  }
});

test("an unknown origin, a second server at one, and options that nothing acts on are errors", async () => {
  const sim = new Simulation();
  sim.server("https://a.test");
  await expect(sim.run(() => sim.client({ retry: { attempts: 1 } }).get("https://c.test/"))).rejects.toThrow(
    'the simulation has no server https://c.test; make one with sim.server("https://c.test")',
  );
  const mistakes = [
    () => sim.server("https://a.test/x"),
    () => sim.server("https://d.test", { slot: 5 } as ServerOptions),
    () => sim.server("https://e.test", { slots: -1 }),
    () => sim.server("https://f.test", { faults: [{ kind: "gone" as "reset", share: 0.1 }] }),
    () => sim.server("https://g.test", { faults: [{ kind: 500, share: 1.1 }] }),
    () => sim.server("https://h.test", { at: [["1s", { outage: "broken" as "reset" }]] }),
    () => sim.client({ limits: { keepAliveExpiry: 5 } as object }),
    () => sim.client({ proxy: "http://p.test" } as object),
    () => new Simulation({ seed: 0.5 }),
  ];
  for (const mistake of mistakes) {
    let thrown: unknown;
    try {
      mistake();
    } catch (error) {
      thrown = error;
    }
    expect(isInvalidOption(thrown), String(mistake)).toBe(true);
  }
});

test("a client that is closed lets its calls end, one that is destroyed ends them", async () => {
  const sim = new Simulation();
  const server = sim.server(URL_A, { serviceTime: "1s" });
  const [closed, destroyed] = [sim.client(), sim.client()];
  const { value, elapsed } = await sim.run(async () => {
    const calls = [closed, destroyed].map(client =>
      client.get(URL_A).then(
        ({ status }) => status,
        (error: SkeinError) => error.code,
      ),
    );
    await sim.sleep("100ms");
    destroyed.destroy();
    await closed.close();
    return Promise.all(calls);
  });
  expect([value, elapsed, server.abandoned]).toEqual([[200, "ABORTED"], 1_000, 1]);
});
