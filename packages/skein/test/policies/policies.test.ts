import { expect, originServer, test } from "@skein/testkit";
import {
  type AdaptiveLimitStats,
  adaptiveLimit,
  type CircuitBreakerStats,
  Client,
  type ClientPolicy,
  circuitBreaker,
  coalesce,
  type HedgeStats,
  hedge,
  loadShed,
  rateLimit,
} from "../../src/entry/node.ts";

test("each policy has its place, in whatever order they are given; a user's layer can stand beside it", async () => {
  await using origin = await originServer();
  const order: string[] = [];
  const noting = (name: ClientPolicy["name"]): ClientPolicy => ({
    name,
    layer: () => inner => ({
      send: (request, context) => {
        order.push(name);
        return inner.send(request, context);
      },
      close: () => inner.close(),
    }),
    stats: () => ({ name }),
  });
  const names = ["adaptiveLimit", "rateLimit", "loadShed", "coalesce", "circuitBreaker", "hedge"] as const;
  await using client = new Client({ policies: names.map(noting) });
  const layer = client.with(
    inner => ({
      send: (request, context) => {
        order.push("mine");
        return inner.send(request, context);
      },
      close: () => inner.close(),
    }),
    { after: "circuitBreaker" },
  );
  await layer.get(`${origin.url}/ok`);
  expect(order).toEqual([
    "coalesce",
    "hedge",
    "circuitBreaker",
    "mine",
    "loadShed",
    "rateLimit",
    "adaptiveLimit",
  ]);
  expect(Object.keys(client.stats().policies).sort()).toEqual([...names].sort());
});

test("a client that extends another has its policies, with what they know, and may add some", async () => {
  await using origin = await originServer();
  await using client = new Client({ policies: [coalesce()] });
  const extended = client.extend({ policies: [circuitBreaker()] });
  await Promise.all([extended.get(`${origin.url}/ok`), extended.get(`${origin.url}/ok`)]);
  expect(client.stats().policies).toEqual({ coalesce: { sent: 1, shared: 1 } });
  expect(extended.stats().policies).toEqual({
    coalesce: { sent: 1, shared: 1 },
    circuitBreaker: { refused: 0, origins: {} },
  });
});

test.each([
  [{}, "policies: expected a list"],
  [
    [circuitBreaker],
    "policies: expected what coalesce(), hedge(), circuitBreaker(), loadShed(), rateLimit(), adaptiveLimit() return",
  ],
])("what is no policy is refused", (policies, message) => {
  expect(() => new Client({ policies: policies as never })).toThrow(message);
});

test.each([
  [{ badRatio: 0 }, "circuitBreaker.badRatio: expected more than 0 and at most 1; got 0"],
  [{ probes: 0 }, "circuitBreaker.probes"],
  [{ openFor: "soon" }, "circuitBreaker.openFor"],
  [{ openAfter: 3 }, "circuitBreaker"],
])("nonsense is refused, naming the option (%j)", (options, message) => {
  expect(() => circuitBreaker(options as never)).toThrow(message);
});

test("all together see a call in the stated order: what each refuses costs those inside it nothing", async () => {
  let isDown = false;
  await using origin = await originServer({
    routes: {
      work: ({ response }) => {
        setTimeout(() => response.writeHead(isDown ? 500 : 200).end("ok"), 20);
      },
    },
  });
  const policies = [
    adaptiveLimit({ max: 4 }),
    rateLimit({ count: 1_000, per: "1s", burst: 1_000 }),
    loadShed(),
    circuitBreaker({ badRatio: 0.1 }),
    hedge(),
    coalesce(),
  ];
  await using client = new Client({ baseUrl: origin.url, policies });
  // Those who ask for the same are one request, of which one permit is taken below.
  await Promise.all(Array.from({ length: 50 }, () => client.get("/work")));
  expect(origin.requestCount).toBe(1);
  expect(client.stats().policies).toMatchObject({
    coalesce: { sent: 1, shared: 49 },
    adaptiveLimit: { delayed: 0 },
    rateLimit: { delayed: 0 },
  });
  // Enough answers for hedges; then the limit is full, and no second request is sent, though all of them are late.
  for (let i = 0; i < 150; i++) await client.get(`/work?${i}`);
  const before = origin.requestCount;
  await Promise.all(Array.from({ length: 40 }, (_, i) => client.get(`/work?full${i}`)));
  const { sent } = client.stats().policies.hedge as HedgeStats;
  expect(origin.requestCount - before).toBeLessThanOrEqual(40 + sent);
  isDown = true;
  for (let i = 0; i < 40; i++) await client.get(`/work?down${i}`, { retry: false }).catch(() => undefined);
  const asked = origin.requestCount;
  const { delayed } = client.stats().policies.adaptiveLimit as AdaptiveLimitStats;
  // What the breaker refuses takes no permit, and no place in a line.
  await Promise.allSettled(Array.from({ length: 50 }, (_, i) => client.get(`/work?refused${i}`)));
  expect(origin.requestCount).toBe(asked);
  expect((client.stats().policies.adaptiveLimit as AdaptiveLimitStats).delayed).toBe(delayed);
  expect((client.stats().policies.circuitBreaker as CircuitBreakerStats).refused).toBeGreaterThanOrEqual(50);
});
