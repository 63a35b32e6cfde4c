import { expect, originServer, test } from "@skein/testkit";
import { Client, type ClientPolicy, circuitBreaker, coalesce } from "../../src/entry/node.ts";

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
  const names = ["adaptiveLimit", "rateLimit", "coalesce", "circuitBreaker", "hedge"] as const;
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
  expect(order).toEqual(["coalesce", "hedge", "circuitBreaker", "mine", "rateLimit", "adaptiveLimit"]);
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
    "policies: expected what coalesce(), hedge(), circuitBreaker(), rateLimit(), adaptiveLimit() return",
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
