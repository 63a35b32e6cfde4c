import { describe, expect, test } from "@skein/testkit";
import { type ClientPolicy, type RequestContext, rateLimit } from "../../src/entry/node.ts";
import { exponential, Simulation, uniform } from "../../src/entry/testing.ts";

/** What is promised of policies, seen from the server's side; and policies of a user's own. */

const SEEDS = [1, 2, 3, 4, 5];

/** A policy of a user's own: notes when each request goes out, by the clock of its client. */
function sendTimes(): ClientPolicy & { readonly times: number[] } {
  const times: number[] = [];
  return {
    name: "adaptiveLimit",
    times,
    layer: clock => inner => ({
      send(request, context) {
        times.push(clock.now());
        return inner.send(request, context);
      },
      close: () => inner.close(),
    }),
    stats: () => ({ sent: times.length }),
  };
}

/** The most that went out in any second, wherever it is laid. */
function mostInASecond(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [i, time] of times.entries()) {
    while (times[first]! <= time - 1_000) first += 1;
    most = Math.max(most, i - first + 1);
  }
  return most;
}

/** Requests a second, from the first to the last. */
function rateOf(times: readonly number[]): number {
  return (1_000 * (times.length - 1)) / (times.at(-1)! - times[0]!);
}

describe("a rate of 100/s: no second holds more, and 99 % of it is used, 5 seeds", () => {
  test.each(["perOriginRate", "rate"])("%s of a batch", async name => {
    for (const seed of SEEDS) {
      const sim = new Simulation({ seed });
      const { origin } = sim.server("https://a.test", { serviceTime: exponential(100) });
      const sent = sendTimes();
      const urls = Array.from({ length: 3_000 }, (_, i) => `${origin}/${i}`);
      const batch = sim.client({ policies: [sent] }).batch(urls, { [name]: "100/s" });
      await sim.run(async () => {
        for await (const { error } of batch) if (error) throw error;
      });
      expect(mostInASecond(sent.times)).toBeLessThanOrEqual(100);
      expect(rateOf(sent.times)).toBeGreaterThanOrEqual(99 - 1e-6);
    }
  });

  test("rateLimit() of a client", async () => {
    for (const seed of SEEDS) {
      const sim = new Simulation({ seed });
      const { origin } = sim.server("https://a.test", { serviceTime: exponential(100) });
      const sent = sendTimes();
      const policies = [rateLimit("100/s", { maxWait: "60s" }), sent];
      const client = sim.client({ policies, timeout: "90s", limits: { maxConnectionsPerOrigin: 256 } });
      const calls = Array.from({ length: 2_000 }, (_, i) => i);
      await sim.run(() => Promise.all(calls.map(i => client.get(`${origin}/${i}`))));
      expect(mostInASecond(sent.times)).toBeLessThanOrEqual(100);
      expect(rateOf(sent.times)).toBeGreaterThanOrEqual(99 - 1e-6);
    }
  });
});

test("a server that counts by its own rate refuses nothing of a batch that keeps it, 5 seeds", async () => {
  for (const seed of SEEDS) {
    const sim = new Simulation({ seed });
    const server = sim.server("https://a.test", {
      serviceTime: uniform(10, 90),
      rate: { count: 100, per: "1s", burst: 10 },
    });
    const urls = Array.from({ length: 1_500 }, (_, i) => `https://a.test/${i}`);
    await sim.run(async () => {
      for await (const { error } of sim.client().batch(urls, { perOriginRate: "98/s" }))
        if (error) throw error;
    });
    expect([server.served, server.refused]).toEqual([1_500, 0]);
  }
});

test("in a total outage retries are a tenth of the load once the purse is empty, 5 seeds", async () => {
  for (const seed of SEEDS) {
    const sim = new Simulation({ seed });
    const server = sim.server("https://a.test", { outage: "reset", network: 5 });
    const client = sim.client();
    let calls = 0;
    await sim.run(async () => {
      while (sim.now < 60_000) {
        calls += 1;
        void client.get("https://a.test/").catch(() => undefined);
        await sim.sleep(20);
      }
      await sim.sleep("60s");
    });
    // 100 tokens at first and 1 a second, 5 for each.
    expect(server.received - calls).toBeLessThanOrEqual((100 + 120) / 5);
    expect(server.received).toBeLessThanOrEqual(1.1 * calls);
  }
});

/** A policy of a user's own that waits by the clock that it is given: so many milliseconds between two requests. */
function spaced(ms: number): ClientPolicy {
  let next = 0;
  return {
    name: "rateLimit",
    layer: clock => inner => ({
      async send(request, context: RequestContext) {
        const at = Math.max(clock.now(), next);
        next = at + ms;
        await new Promise<void>(resolve => {
          clock.setTimer(resolve, at - clock.now());
        });
        return inner.send(request, context);
      },
      close: () => inner.close(),
    }),
    stats: () => ({ next }),
  };
}

test("a policy of a user's own waits in virtual time, retries included", async () => {
  const sim = new Simulation({ seed: 4 });
  const server = sim.server("https://a.test", { faults: [{ kind: 503, share: 0.3 }], serviceTime: 5 });
  const sent = sendTimes();
  const client = sim.client({ policies: [spaced(250), sent] });
  const calls = Array.from({ length: 20 }, (_, i) => i);
  await sim.run(() => Promise.all(calls.map(i => client.get(`https://a.test/${i}`))));
  expect(server.received).toBeGreaterThan(20);
  const gaps = sent.times.slice(1).map((time, i) => time - sent.times[i]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250 - 1e-6);
  expect(client.stats().policies.adaptiveLimit).toEqual({ sent: server.received });
});
