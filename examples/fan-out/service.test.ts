import type { AddressInfo } from "node:net";
import { expect, onTestFinished, originServer, sendJson, test } from "@skein/testkit";
import { Client } from "../../packages/skein/src/entry/node.ts";
import { productService, type Services } from "./service.ts";

const NAMES = ["catalog", "prices", "stock", "reviews", "related"] as const;
type Name = (typeof NAMES)[number];
type Behaviour = "well" | "hangs" | "hangs once" | "fails" | "missing";

const SHORT = 400;
/** Longer than any test: what ends before has another reason. */
const LONG = 60_000;

/** Five services that behave as they are told, and the one that asks them. */
async function start(deadline = SHORT) {
  const behaviour = new Map<Name, Behaviour>();
  const origins = await Promise.all(NAMES.map(name => startOrigin(name, behaviour)));
  const seen = Object.fromEntries(origins.map(({ name, counts }) => [name, counts])) as Record<Name, Counts>;
  const urls = Object.fromEntries(origins.map(({ name, url }) => [name, url])) as unknown as Services;
  const service = productService(urls, { deadline: `${deadline}ms`, openFor: "300ms" });
  onTestFinished(() => service[Symbol.asyncDispose]());
  await new Promise<void>(resolve => service.server.listen(0, "127.0.0.1", resolve));
  const { port } = service.server.address() as AddressInfo;
  const client = new Client({ baseUrl: `http://127.0.0.1:${port}`, retry: false });
  onTestFinished(() => client.close());
  const ask = async () => {
    const began = performance.now();
    const response = await client.get("/products/7");
    const { missing, ...parts } = response.json<{ missing?: Record<string, string> }>();
    return { status: response.status, parts, missing, ms: performance.now() - began };
  };
  return { client, ask, seen, set: (name: Name, next: Behaviour) => behaviour.set(name, next) };
}

interface Counts {
  asked: number;
  /** Requests that were cancelled before their answer. */
  abandoned: number;
}

async function startOrigin(name: Name, behaviour: Map<Name, Behaviour>) {
  const counts: Counts = { asked: 0, abandoned: 0 };
  const origin = await originServer({
    routes: {
      products: ({ response, parts, count }) => {
        counts.asked += 1;
        response.on("close", () => {
          if (!response.writableFinished) counts.abandoned += 1;
        });
        const now = behaviour.get(name) ?? "well";
        if (now === "hangs once") behaviour.set(name, "well");
        if (now === "hangs" || now === "hangs once") return;
        response.statusCode = { well: 200, fails: 500, missing: 404 }[now];
        sendJson(response, { of: name, id: parts[1], number: count("answers") });
      },
    },
  });
  onTestFinished(() => origin.close());
  return { name, counts, url: origin.url };
}

const part = (of: Name) => expect.objectContaining({ of, id: "7" });
const all = Object.fromEntries(NAMES.map(name => [name, part(name)]));
const { stock: _stock, ...allButStock } = all;

test("all five are well: the answer has their parts, and lacks none", async () => {
  const { ask } = await start();
  const { status, parts, missing } = await ask();
  expect({ status, parts, missing }).toEqual({ status: 200, parts: all, missing: undefined });
});

test("one hangs: the answer comes at the deadline, without it, and says so", async () => {
  const { ask, set, seen } = await start();
  set("stock", "hangs");
  const { status, parts, missing, ms } = await ask();
  expect({ status, parts, missing }).toEqual({
    status: 200,
    parts: allButStock,
    missing: { stock: "TOTAL_TIMEOUT" },
  });
  expect(ms).toBeGreaterThan(SHORT - 50);
  expect(ms).toBeLessThan(SHORT + 2_000);
  await expect.poll(() => seen.stock.abandoned).toBe(seen.stock.asked);
});

test("one fails again and again: it is left alone, and asked again later; the others never miss", async () => {
  const { client, ask, set, seen } = await start();
  set("stock", "fails");
  const codes = new Set<string | undefined>();
  for (let call = 0; call < 40 && !codes.has("CIRCUIT_OPEN"); call += 1) {
    const { status, parts, missing } = await ask();
    expect({ status, parts }).toEqual({ status: 200, parts: allButStock });
    codes.add(missing?.stock);
  }
  expect([...codes]).toContain("HTTP_STATUS");
  expect([...codes]).toContain("CIRCUIT_OPEN");
  const { asked } = seen.stock;
  await ask();
  expect(seen.stock.asked, "not asked while its circuit is open").toBe(asked);
  const health = await client.get("/health").json<{ policies: { circuitBreaker: { refused: number } } }>();
  expect(health.policies.circuitBreaker.refused).toBeGreaterThan(0);

  set("stock", "well");
  await expect.poll(async () => (await ask()).missing, { timeout: 10_000 }).toBeUndefined();
});

test("without the catalog there is no answer, and what was asked of the others is cancelled", async () => {
  const { ask, set, seen } = await start(LONG);
  set("stock", "hangs");
  set("catalog", "missing");
  expect(await ask()).toMatchObject({ status: 404, parts: { error: "no such product" } });
  await expect.poll(() => seen.stock.abandoned).toBe(1);
});

test("the catalog is late: 503 at the deadline", async () => {
  const { ask, set } = await start();
  set("catalog", "hangs");
  const { status, parts } = await ask();
  expect({ status, parts }).toEqual({
    status: 503,
    parts: { error: "the catalog can't be asked: TOTAL_TIMEOUT" },
  });
});

test("a caller who leaves takes the five requests along", async () => {
  const { client, set, seen } = await start(LONG);
  for (const name of NAMES) set(name, "hangs");
  const call = client.get("/products/7");
  const settled = call.catch(() => "left");
  await expect.poll(() => NAMES.map(name => seen[name].asked)).toEqual([1, 1, 1, 1, 1]);
  call.cancel();
  expect(await settled).toBe("left");
  await expect.poll(() => NAMES.map(name => seen[name].abandoned)).toEqual([1, 1, 1, 1, 1]);
});

test("reviews that are slow now and then: a second request is answered in the first one's place", async () => {
  const { client, ask, set, seen } = await start(LONG);
  for (let call = 0; call < 120; call += 1) await ask();
  const { asked } = seen.reviews;
  set("reviews", "hangs once");
  expect((await ask()).parts).toEqual(all);
  expect(seen.reviews.asked).toBe(asked + 2);
  await expect.poll(() => seen.reviews.abandoned).toBeGreaterThanOrEqual(1);
  const health = await client.get("/health").json<{ policies: { hedge: { sent: number; won: number } } }>();
  expect(health.policies.hedge.won).toBeGreaterThanOrEqual(1);
});
