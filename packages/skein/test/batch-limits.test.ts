import { afterAll, beforeAll, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { Client } from "../src/entry/node.ts";

let origin: OriginServer;
let client: Client;
/** In flight now, and the most there were. */
let inFlight = 0;
let most = 0;
beforeAll(async () => {
  origin = await originServer({
    remember: 0,
    routes: {
      counted: ({ response }) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        setTimeout(() => {
          inFlight -= 1;
          response.end("ok");
        }, 20);
      },
    },
  });
  client = new Client({ timeout: "10s", limits: { maxConnections: 40, maxConnectionsPerOrigin: 40 } });
});
afterAll(async () => {
  client.destroy();
  await origin.close();
});

const urls = (count: number) => Array.from({ length: count }, (_, i) => `${origin.url}/counted?${i}`);

test("more, and fewer, are in flight as soon as that is allowed", async () => {
  const batch = client.batch(urls(400), { concurrency: 2 });
  let ended = 0;
  for await (const task of batch) {
    expect(task.state).toBe("succeeded");
    ended += 1;
    if (ended === 20) {
      expect(most).toBe(2);
      batch.limits({ concurrency: 30 });
    }
    if (ended === 200) {
      expect(most).toBe(30);
      batch.limits({ concurrency: 3 });
    }
    if (ended === 260) most = 0;
  }
  expect(ended).toBe(400);
  expect(most).toBe(3);
  expect(batch.limits()).toMatchObject({ concurrency: 3, findsConcurrency: false });
});

test("those to one origin too, also where tasks have waited for its limit", async () => {
  most = 0;
  const batch = client.batch(urls(200), { concurrency: 40, perOrigin: 1 });
  let ended = 0;
  for await (const _ of batch) {
    ended += 1;
    if (ended === 10) {
      expect(most).toBe(1);
      batch.limits({ perOrigin: 20 });
    }
    if (ended === 150) expect(most).toBe(20);
  }
  expect(ended).toBe(200);
  expect(batch.limits()).toMatchObject({ concurrency: 40, perOrigin: 20 });
});

test("a rate is set, changed and taken away; what waited for the old one goes on at once", async () => {
  const batch = client.batch(urls(60), { rate: "1/h", perOriginRate: { count: 10, per: "1h", burst: 10 } });
  let ended = 0;
  const started = performance.now();
  for await (const _ of batch) {
    ended += 1;
    if (ended === 1) batch.limits({ rate: "100/s" });
    if (ended === 10) batch.limits({ perOriginRate: null });
  }
  expect(ended).toBe(60);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(batch.limits()).toMatchObject({ rate: "100/s", perOriginRate: undefined });
});

test("what can't be is refused, and changes nothing", () => {
  const batch = client.batch(urls(1), { concurrency: 5, rate: "10/s" });
  const before = batch.limits();
  expect(() => batch.limits({ rate: "20/s", concurrency: 41 })).toThrow(/limits.maxConnections is 40/);
  expect(() => batch.limits({ perOrigin: 0 })).toThrow(/perOrigin/);
  expect(() => batch.limits({ rate: "often" })).toThrow(/rate/);
  expect(() => batch.limits({ concurency: 3 } as object)).toThrow(/concurency/);
  expect(batch.limits()).toEqual(before);
  batch.cancel();
});
