import { describe, expect, test } from "@skein/testkit";
import { jainIndex, lognormal, type SimulatedServer, Simulation, uniform } from "../../src/entry/testing.ts";
import { heapUsed } from "./heap-used.ts";

/** Many origins of very different sizes and speeds in one batch: nobody waits who could be served. */

const CONCURRENCY = 2_000;
const PER_ORIGIN = 20;
const LIMITS = { maxConnections: CONCURRENCY, maxConnectionsPerOrigin: 100 };

interface Origin {
  readonly url: string;
  /** Requests to it. */
  readonly size: number;
  /** What one takes, in the mean. */
  readonly ms: number;
  readonly server: SimulatedServer;
}

/** Sizes by Zipf's law (exponent 0.8), times from 20 to 200 ms; only of the largest a timeline is kept. */
function originsOf(sim: Simulation, { count, requests }: { count: number; requests: number }): Origin[] {
  const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + 1) ** 0.8);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight, rank) => {
    const url = `https://origin${rank}.test`;
    const ms = 20 * 10 ** sim.clock.random();
    const server = sim.server(url, {
      slots: 50,
      serviceTime: uniform(0.5 * ms, 1.5 * ms),
      timeline: rank < 100,
    });
    return { url, ms, server, size: Math.max(1, Math.round((weight / sum) * requests)) };
  });
}

/** The number of its origin, for each request, in an order by chance. */
function shuffled(origins: readonly Origin[], random: () => number): Uint32Array {
  const deck = Uint32Array.from(origins.flatMap(({ size }, index) => Array<number>(size).fill(index)));
  for (let i = deck.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [deck[i], deck[j]] = [deck[j]!, deck[i]!];
  }
  return deck;
}

/** How long an origin takes for its own, with as many in flight as it may have. */
function ownTime({ size, ms }: Origin): number {
  return (size * ms) / PER_ORIGIN;
}

/** What can't be beaten: the longest time of one origin, and all work over all that may be in flight. */
function idealOf(origins: readonly Origin[]): number {
  const all = origins.reduce((sum, { size, ms }) => sum + size * ms, 0) / CONCURRENCY;
  return Math.max(...origins.map(ownTime), all);
}

async function crawl({ seed, requests }: { seed: number; requests: number }) {
  const sim = new Simulation({ seed });
  const origins = originsOf(sim, { count: 10_000, requests });
  const deck = shuffled(origins, sim.clock.random);
  function* urls() {
    for (const [i, origin] of deck.entries()) yield `${origins[origin]!.url}/${i}`;
  }
  const client = sim.client({ limits: LIMITS, timeout: "10m" });
  const heap: number[] = [];
  const { value, elapsed } = await sim.run(async () => {
    let succeeded = 0;
    for await (const task of client.batch(urls(), { concurrency: CONCURRENCY, perOrigin: PER_ORIGIN })) {
      if (task.state === "succeeded") succeeded += 1;
      if (succeeded === deck.length >> 1 || succeeded === deck.length >> 2) heap.push(heapUsed());
    }
    return succeeded;
  });
  return { origins, elapsed, lost: deck.length - value, heap, ratio: elapsed / idealOf(origins) };
}

describe("10,000 origins of Zipf sizes and mixed speeds, in an order by chance", { timeout: 600_000 }, () => {
  test("1,000,000 requests (one seed) take 1.1 of the ideal time at most; memory does not grow with them", async () => {
    const { ratio, heap, origins, lost, elapsed } = await crawl({ seed: 1, requests: 1_000_000 });
    expect(lost).toBe(0);
    expect(ratio).toBeLessThanOrEqual(1.1);
    // A quarter of a million more: 100 bytes for each would be 24 MiB.
    expect(heap[1]! - heap[0]!).toBeLessThan(16);
    // Those that have work for a third of the time at least, whatever their size and speed.
    const backlogged = origins.filter(origin => ownTime(origin) > elapsed / 3);
    expect(backlogged.length).toBeGreaterThan(3);
    const shares = backlogged.map(({ server }) => server.during(0.1 * elapsed, 0.3 * elapsed).busyMs);
    expect(jainIndex(shares)).toBeGreaterThanOrEqual(0.95);
  });

  test("so do 100,000, mean of 4 more seeds", async () => {
    let sum = 0;
    for (const seed of [2, 3, 4, 5]) sum += (await crawl({ seed, requests: 100_000 })).ratio;
    expect(sum / 4).toBeLessThanOrEqual(1.1);
  });
});

/** A batch over the URLs, until `until`; the servers tell the rest. */
async function runUntil(
  sim: Simulation,
  urls: readonly string[],
  { until, concurrency }: { until: number; concurrency: number },
) {
  const batch = sim.client({ limits: LIMITS }).batch(urls, { concurrency });
  await sim.run(async () => {
    for await (const _task of batch) if (sim.now >= until) break;
  });
}

test("where the whole batch is at its limit, origins with work get as much, mean of 5 seeds", async () => {
  const indices: number[] = [];
  for (const seed of [1, 2, 3, 4, 5]) {
    const sim = new Simulation({ seed });
    const servers = Array.from({ length: 100 }, (_, i) =>
      sim.server(`https://o${i}.test`, { serviceTime: lognormal(20 * 10 ** sim.clock.random()) }),
    );
    // 50 at once look 1,000 ahead: ten of each.
    const urls = Array.from({ length: 60_000 }, (_, i) => `https://o${i % 100}.test/${i}`);
    await runUntil(sim, urls, { until: 30_000, concurrency: 50 });
    indices.push(jainIndex(servers.map(({ served }) => served)));
  }
  expect(indices.reduce((a, b) => a + b) / 5).toBeGreaterThanOrEqual(0.95);
});

test("a long run of one origin at the head of the list keeps nobody else waiting, while it is within the look-ahead", async () => {
  const sim = new Simulation({ seed: 1 });
  const head = sim.server("https://head.test", { serviceTime: 100 });
  const others = Array.from({ length: 99 }, (_, i) => sim.server(`https://o${i}.test`, { serviceTime: 100 }));
  const urls = [
    ...Array<string>(10_000).fill("https://head.test/"),
    ...others.flatMap(({ origin }) => Array<string>(100).fill(`${origin}/`)),
  ];
  const batch = sim
    .client({ limits: LIMITS })
    .batch(urls, { concurrency: CONCURRENCY, perOrigin: PER_ORIGIN });
  let othersDone = 0;
  await sim.run(async () => {
    for await (const { input } of batch) if (!input.startsWith("https://head")) othersDone = sim.now;
  });
  // 100 of each, 20 at once, 100 ms each.
  expect(othersDone).toBeLessThanOrEqual(600);
  expect(head.served).toBe(10_000);
});
