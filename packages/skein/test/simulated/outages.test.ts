import { describe, expect, test, vi } from "@skein/testkit";
import { type Client, circuitBreaker } from "../../src/entry/node.ts";
import { type Outage, type SimulatedServer, Simulation, uniform } from "../../src/entry/testing.ts";
import { heapUsed } from "./heap-used.ts";

/** Faults, and origins that are down for a while: what they cost themselves, and what the others. */

const DOWN_AT = 20_000;
const BACK_AT = 50_000;
// Seconds of work, on a machine that may have other work as well.
vi.setConfig({ testTimeout: 180_000 });

const SEEDS = [1, 2, 3, 4, 5];

/** Five origins, of which the first may be down for 30 s. */
function origins(sim: Simulation, outage: Outage | undefined): SimulatedServer[] {
  return Array.from({ length: 5 }, (_, i) =>
    sim.server(`https://o${i}.test`, {
      serviceTime: uniform(50, 150),
      network: 2,
      slots: 50,
      at:
        outage === undefined || i > 0
          ? []
          : [
              [DOWN_AT, { outage }],
              [BACK_AT, { outage: null }],
            ],
    }),
  );
}

/** A list in which each origin has its turn, as fast as 20 at once to each go. */
async function batchThrough(outage: Outage | undefined, seed: number): Promise<SimulatedServer[]> {
  const sim = new Simulation({ seed });
  const servers = origins(sim, outage);
  function* urls() {
    for (let i = 0; i < 9_000; i++) for (const { origin } of servers) yield `${origin}/${i}`;
  }
  const client = sim.client({ timeout: "5s", limits: { maxConnections: 500 } });
  await sim.run(async () => {
    for await (const { state } of client.batch(urls(), { concurrency: 100, perOrigin: 20 }))
      if (state === "cancelled") return;
  });
  return servers;
}

/** Calls that come whatever becomes of them: 50 a second to each origin. */
async function callsThrough(outage: Outage | undefined, seed: number): Promise<SimulatedServer[]> {
  const sim = new Simulation({ seed });
  const servers = origins(sim, outage);
  const client = sim.client({ timeout: "5s", policies: [circuitBreaker({ maxOpenFor: "10s" })] });
  const call = (origin: string) =>
    client.get(origin).then(
      () => undefined,
      () => undefined,
    );
  await sim.run(async () => {
    for (const { origin } of servers) void callAll(sim, () => void call(origin));
    await sim.sleep("90s");
  });
  return servers;
}

async function callAll(sim: Simulation, call: () => void): Promise<void> {
  while (sim.now < 85_000) {
    call();
    await sim.sleep(20);
  }
}

const received = (server: SimulatedServer | undefined, from: number, to: number) =>
  server!.during(from, to).received;

/** The first second from `from` on in which it got at least that many. */
function secondWith(server: SimulatedServer, atLeast: number, from: number): number {
  let second = from;
  while (received(server, second, second + 1_000) < atLeast && second < 300_000) second += 1_000;
  return second;
}

describe.each([
  ["a batch", batchThrough],
  ["a client with circuitBreaker()", callsThrough],
] as const)("an origin that is down, %s, 5 seeds", (_name, run) => {
  test.each(["reset", "refused", 503, "hang"] as Outage[])("%s", async outage => {
    for (const seed of SEEDS.slice(0, outage === "reset" ? 5 : 1)) {
      const [before, during] = [await run(undefined, seed), await run(outage, seed)];
      const [down] = during;
      // It gets what it got before and a tenth at most; once that has shown, probes alone.
      const offered = received(down, DOWN_AT - 10_000, DOWN_AT);
      for (let at = DOWN_AT; at < BACK_AT; at += 1_000)
        expect(received(down, at, at + 10_000), `seed ${seed}, ${at}`).toBeLessThanOrEqual(1.1 * offered);
      if (outage !== "hang") expect(received(down, DOWN_AT + 10_000, BACK_AT)).toBeLessThanOrEqual(10);
      // The others do not notice.
      for (let i = 1; i < 5; i++) {
        const [usual, now] = [before, during].map(servers => received(servers[i], DOWN_AT, BACK_AT));
        expect(Math.abs(now! / usual! - 1)).toBeLessThanOrEqual(0.03);
      }
    }
  });
});

test("a client is back within one probe interval and 5 s, 5 seeds", async () => {
  for (const seed of SEEDS) {
    const [down] = await callsThrough("reset", seed);
    const usual = received(down, DOWN_AT - 10_000, DOWN_AT) / 10;
    // Open for 10 s at most, a fifth more by chance.
    expect(secondWith(down!, 0.9 * usual, BACK_AT)).toBeLessThanOrEqual(BACK_AT + 12_000 + 5_000);
  }
});

test("a batch is back within 5 s of the first probe that goes well, and ends, 5 seeds", async () => {
  for (const seed of SEEDS) {
    const [down] = await batchThrough("reset", seed);
    const probe = secondWith(down!, 1, BACK_AT);
    const usual = received(down, DOWN_AT - 10_000, DOWN_AT) / 10;
    // Probes went badly after 5, 10 and 20 s: this one comes after 40, a fifth more by chance.
    expect(probe).toBeLessThanOrEqual(BACK_AT + 48_000);
    expect(secondWith(down!, 0.9 * usual, probe)).toBeLessThanOrEqual(probe + 5_000);
    expect(down!.served).toBeGreaterThan(8_900);
  }
});

test("20 % of faults in 50,000 items: all end, hardly any fails, nothing is left over, and memory does not grow, 5 seeds", async () => {
  for (const seed of SEEDS) {
    const sim = new Simulation({ seed });
    const servers = Array.from({ length: 20 }, (_, i) =>
      sim.server(`https://o${i}.test`, {
        serviceTime: uniform(50, 150),
        faults: [
          { kind: 503, share: 0.1 },
          { kind: "reset", share: 0.06 },
          { kind: "cut", share: 0.03 },
          { kind: "hang", share: 0.01 },
        ],
      }),
    );
    function* urls() {
      for (let i = 0; i < 50_000; i++) yield `${servers[i % 20]!.origin}/${i}`;
    }
    const client: Pick<Client, "batch"> = sim.client({ timeout: "5s" });
    const batch = client.batch(urls(), { concurrency: 200 });
    const heap: number[] = [];
    let ended = 0;
    const { elapsed } = await sim.run(async () => {
      for await (const { state } of batch) {
        if (state === "cancelled") throw new Error("cancelled");
        ended += 1;
        if (ended === 10_000 || ended === 45_000) heap.push(heapUsed());
      }
    });
    // 100 bytes for each item between them would be 3.3 MiB; the servers' timelines grow by seconds.
    expect(heap[1]! - heap[0]!).toBeLessThan(3);
    const { succeeded, failed, pending, running, waiting } = batch.progress;
    expect([succeeded + failed, pending, running, waiting]).toEqual([50_000, 0, 0, 0]);
    // Of three attempts each: 0.8 %.
    expect(failed / 50_000).toBeLessThanOrEqual(0.012);
    // 62,000 attempts of 100 ms, and 600 of 5 s, 200 at once.
    expect(elapsed).toBeLessThanOrEqual(1.5 * 46_000);
  }
});
