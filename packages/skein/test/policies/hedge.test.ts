import { expect, originServer, test } from "@skein/testkit";
import { Client, type HedgeStats, hedge } from "../../src/entry/node.ts";

test("where 2 of 100 answers take a second, hedging cuts the 99th percentile to a fifth, for a twentieth more requests", async () => {
  let seen = 0;
  await using origin = await originServer({
    routes: {
      uneven: ({ response }) => {
        seen += 1;
        setTimeout(() => response.end("ok"), seen % 50 === 0 ? 1_000 : 5);
      },
    },
    remember: 0,
  });
  /** The 99th percentile of `calls` calls, ten at once, and how many requests they were. */
  const measure = async (client: Client, calls: number) => {
    const times: number[] = [];
    const before = seen;
    let left = calls;
    const worker = async () => {
      while (left-- > 0) {
        const startedAt = performance.now();
        await client.get(`${origin.url}/uneven`);
        times.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: 10 }, worker));
    times.sort((a, b) => a - b);
    return { p99: times[Math.floor(times.length * 0.99)]!, requests: seen - before };
  };
  await using plain = new Client();
  const without = await measure(plain, 600);
  await using hedged = new Client({ policies: [hedge()] });
  await measure(hedged, 300);
  const withHedges = await measure(hedged, 1_000);
  expect(without.p99).toBeGreaterThan(900);
  expect(withHedges.p99).toBeLessThan(without.p99 / 5);
  expect(withHedges.requests).toBeLessThanOrEqual(1_050);
  const { sent, won } = hedged.stats().policies.hedge as HedgeStats;
  expect(sent).toBeGreaterThan(10);
  expect(won).toBeGreaterThan(10);
  expect(won).toBeLessThanOrEqual(sent);
});

test("the loser is cancelled down to the server, and a streamed winner is read to its end", async () => {
  let hanging = 0;
  let seen = 0;
  await using origin = await originServer({
    routes: {
      first: ({ response }) => {
        seen += 1;
        if (seen !== 150) return void response.end("ok");
        hanging += 1;
        response.once("close", () => {
          hanging -= 1;
        });
      },
    },
  });
  await using client = new Client({ policies: [hedge()] });
  for (let i = 1; i < 150; i++) await client.get(`${origin.url}/first`);
  await using stream = await client.stream(`${origin.url}/first`);
  let text = "";
  for await (const chunk of stream.textChunks()) text += chunk;
  expect(text).toBe("ok");
  await expect.poll(() => hanging).toBe(0);
  expect(seen).toBe(151);
});

test("a delay that is none is refused", () => {
  expect(() => hedge({ after: "soon" as never })).toThrow("hedge.after");
  expect(() => hedge({ before: 3 } as never)).toThrow("hedge");
});
