import {
  describe,
  expect,
  type OriginExchange,
  type OriginServer,
  onTestFinished,
  originServer,
  test,
} from "@skein/testkit";
import { Client, type ClientOptions, MemoryCacheStore } from "../src/entry/node.ts";

type Answer = (exchange: OriginExchange & { seen: number }) => void;

/** An origin that answers `/x` as it is told, with how often it was asked as the body, and a client with a cache. */
async function setUp(answer: Answer, options: ClientOptions = {}) {
  let seen = 0;
  const x = (exchange: OriginExchange) => {
    seen += 1;
    answer({ ...exchange, seen });
    if (!exchange.response.writableEnded) exchange.response.end(`answer ${seen}`);
  };
  const origin = await originServer({ routes: { x } });
  onTestFinished(() => origin.close());
  const client = new Client({ cache: true, timeout: "10s", retry: false, ...options });
  onTestFinished(() => client.destroy());
  return { origin, client, url: `${origin.url}/x` };
}

const withHeaders =
  (headers: Record<string, string | string[]>): Answer =>
  ({ response }) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  };

/** Status and text of calls, one after the other. */
async function outcomes(calls: (() => PromiseLike<import("../src/entry/node.ts").Response>)[]) {
  const found: string[] = [];
  for (const call of calls) {
    const response = await call();
    found.push(`${response.cacheStatus} ${response.status} ${response.text()}`);
  }
  return found;
}

/** The stored answer to GET is `ago` seconds older than it was. */
const aged = (ago: number) => ({ date: new Date(Date.now() - ago * 1000).toUTCString(), age: String(ago) });

const asked = (origin: OriginServer, name: string) =>
  origin.requests.map(request => request.header(name) ?? "");

describe("a cache", () => {
  test("answers what is fresh without asking, with its Age", async () => {
    const { client, url, origin } = await setUp(
      withHeaders({
        "cache-control": "max-age=60",
        age: "7",
        "x-mark": "kept",
        "set-cookie": ["a=1", "b=2"],
      }),
    );
    expect(await outcomes([() => client.get(url), () => client.get(url)])).toEqual([
      "miss 200 answer 1",
      "hit 200 answer 1",
    ]);
    const hit = await client.get(url);
    expect([hit.fromCache, hit.headers.get("age"), hit.headers.get("x-mark")]).toEqual([true, "7", "kept"]);
    expect(hit.headers.getList("set-cookie")).toEqual(["a=1", "b=2"]);
    expect(hit.timings.wait).toBeUndefined();
    expect(origin.requestCount).toBe(1);
    hit.bytes().fill(0);
    expect(await client.get(url).text()).toBe("answer 1");
  });

  test.each([
    ["no-store", { "cache-control": "no-store, max-age=60" }],
    ["nothing that says how long", {}],
    ["Vary: *", { "cache-control": "max-age=60", vary: "*" }],
    ["max-age=0 without a validator", { "cache-control": "max-age=0" }],
  ])("keeps nothing of an answer with %s", async (_name, headers) => {
    const { client, url } = await setUp(withHeaders(headers as Record<string, string>));
    expect(await outcomes([() => client.get(url), () => client.get(url)])).toEqual([
      "miss 200 answer 1",
      "miss 200 answer 2",
    ]);
  });

  test("must-revalidate does not keep it from using what is fresh; private is ours", async () => {
    const { client, url } = await setUp(
      withHeaders({ "cache-control": "private, Max-Age=60, must-revalidate" }),
    );
    expect(await outcomes([() => client.get(url), () => client.get(url)])).toEqual([
      "miss 200 answer 1",
      "hit 200 answer 1",
    ]);
  });

  test.each([
    ["etag", { etag: '"v1"' }, "if-none-match", '"v1"'],
    [
      "last-modified",
      { "last-modified": "Tue, 03 Nov 2026 10:00:00 GMT" },
      "if-modified-since",
      "Tue, 03 Nov 2026 10:00:00 GMT",
    ],
  ] as const)(
    "asks whether what is stale is right, by %s; 304 refreshes it",
    async (_name, validator, field, value) => {
      const { client, url, origin } = await setUp(({ request, response }) => {
        withHeaders({ ...validator, "x-version": String(origin.requestCount) })({ response } as never);
        const isAsked = request.headers[field] !== undefined;
        response.setHeader("cache-control", isAsked ? "max-age=60" : "max-age=0");
        if (isAsked) response.writeHead(304).end();
      });
      expect(await outcomes([1, 2, 3].map(() => () => client.get(url)))).toEqual([
        "miss 200 answer 1",
        "revalidated 200 answer 1",
        "hit 200 answer 1",
      ]);
      expect(asked(origin, field)).toEqual(["", value]);
      expect((await client.get(url)).headers.get("x-version")).toBe("2");
    },
  );

  test("what the server has changed takes the place of what is stale", async () => {
    const { client, url } = await setUp(({ response, seen }) => {
      response.setHeader("etag", `"v${seen}"`);
      response.setHeader("cache-control", seen === 1 ? "no-cache" : "max-age=60");
    });
    expect(await outcomes([1, 2, 3].map(() => () => client.get(url)))).toEqual([
      "miss 200 answer 1",
      "miss 200 answer 2",
      "hit 200 answer 2",
    ]);
  });

  test("Vary: each variant is kept by itself", async () => {
    const { client, url, origin } = await setUp(
      withHeaders({ "cache-control": "max-age=60", vary: "Accept-Language, X-Other" }),
    );
    const get = (language: string) => () => client.get(url, { headers: { "accept-language": language } });
    expect(await outcomes([get("de"), get("en"), get("de"), get("en"), () => client.get(url)])).toEqual([
      "miss 200 answer 1",
      "miss 200 answer 2",
      "hit 200 answer 1",
      "hit 200 answer 2",
      "miss 200 answer 3",
    ]);
    expect(origin.requestCount).toBe(3);
  });

  test("stale-if-error: a server that fails or is gone does not matter for a while", async () => {
    const { client, url, origin } = await setUp(({ response, seen }) => {
      withHeaders({ ...aged(120), "cache-control": "max-age=60, stale-if-error=600", etag: '"a"' })({
        response,
      } as never);
      if (seen > 1) response.writeHead(503).end("down");
    });
    expect(await outcomes([() => client.get(url), () => client.get(url)])).toEqual([
      "miss 200 answer 1",
      "stale 200 answer 1",
    ]);
    await origin.close();
    expect(await outcomes([() => client.get(url)])).toEqual(["stale 200 answer 1"]);
    await expect(client.get(url, { cache: false })).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
  });

  test("without stale-if-error, or with must-revalidate, the failure is told", async () => {
    for (const directives of ["max-age=60", "max-age=60, stale-if-error=600, must-revalidate"]) {
      const { client, url } = await setUp(({ response, seen }) => {
        withHeaders({ ...aged(120), "cache-control": directives, etag: '"a"' })({ response } as never);
        if (seen > 1) response.writeHead(503).end("down");
      });
      expect(await outcomes([() => client.get(url), () => client.get(url)])).toEqual([
        "miss 200 answer 1",
        "miss 503 down",
      ]);
    }
  });

  test("stale-while-revalidate: answers at once, and asks meanwhile, once", async () => {
    const { client, url, origin } = await setUp(({ response, seen }) => {
      const old = seen === 1 ? aged(120) : aged(0);
      withHeaders({ ...old, "cache-control": "max-age=60, stale-while-revalidate=600" })({
        response,
      } as never);
    });
    await client.get(url);
    const both = await Promise.all([client.get(url), client.get(url)]);
    expect(both.map(response => `${response.cacheStatus} ${response.text()}`)).toEqual([
      "stale answer 1",
      "stale answer 1",
    ]);
    await expect.poll(async () => (await client.get(url)).text()).toBe("answer 2");
    expect(origin.requestCount).toBe(2);
  });

  test("an unsafe method that succeeds makes what is stored out of date, also of what it names", async () => {
    const { client, url, origin } = await setUp(({ request, response, query }) => {
      if (request.method === "GET") return response.setHeader("cache-control", "max-age=60");
      response.setHeader("location", "/x?other");
      response.statusCode = query.has("fail") ? 400 : 200;
      return undefined;
    });
    const other = `${url}?other`;
    const all = [() => client.get(url), () => client.get(other)];
    await outcomes(all);
    await client.post(`${url}?fail`);
    expect(await outcomes(all)).toEqual(["hit 200 answer 1", "hit 200 answer 2"]);
    const posted = await client.post(url, { json: 1 });
    expect(posted.cacheStatus).toBe("bypass");
    expect(await outcomes(all)).toEqual(["miss 200 answer 5", "miss 200 answer 6"]);
    expect(origin.requestCount).toBe(6);
  });

  test("answers to credentials are not kept, but where the server or the client's owner allows it", async () => {
    const headers = (user: string) => ({ headers: { authorization: `Bearer ${user}` } });
    const plain = await setUp(withHeaders({ "cache-control": "max-age=60" }));
    const get = (user: string) => () => plain.client.get(plain.url, headers(user));
    expect(await outcomes([get("a"), get("a")])).toEqual(["miss 200 answer 1", "miss 200 answer 2"]);
    const open = await setUp(withHeaders({ "cache-control": "max-age=60, public" }));
    expect(await outcomes(["a", "b"].map(user => () => open.client.get(open.url, headers(user))))).toEqual([
      "miss 200 answer 1",
      "hit 200 answer 1",
    ]);
    const allowed = await setUp(withHeaders({ "cache-control": "max-age=60" }), {
      cache: { storeAuthorized: true },
    });
    expect(
      await outcomes(["a", "b", "a"].map(user => () => allowed.client.get(allowed.url, headers(user)))),
    ).toEqual(["miss 200 answer 1", "miss 200 answer 2", "hit 200 answer 1"]);
  });

  test("what one cookie was answered is not shown to another; the auth option counts as credentials", async () => {
    const { client, url } = await setUp(withHeaders({ "cache-control": "max-age=60" }));
    const get = (user: string) => () => client.get(url, { cookies: { user } });
    expect(await outcomes([get("a"), get("b"), get("a")])).toEqual([
      "miss 200 answer 1",
      "miss 200 answer 2",
      "hit 200 answer 1",
    ]);
    const authorized = client.extend({ auth: ["user", "password"] });
    expect(await outcomes([() => authorized.get(url), () => authorized.get(url)])).toEqual([
      "miss 200 answer 3",
      "miss 200 answer 4",
    ]);
  });

  test("the request's own Cache-Control: no-store, no-cache, only-if-cached, max-stale", async () => {
    const { client, url } = await setUp(withHeaders({ ...aged(120), "cache-control": "max-age=150" }));
    const get = (control: string) => () => client.get(url, { headers: { "cache-control": control } });
    expect(
      await outcomes([
        get("only-if-cached"),
        get("no-store"),
        get("max-age=600"),
        get("only-if-cached"),
        get("no-cache"),
        get("max-age=10"),
      ]),
    ).toEqual([
      "miss 504 ",
      "bypass 200 answer 1",
      "miss 200 answer 2",
      "hit 200 answer 2",
      "miss 200 answer 3",
      "miss 200 answer 4",
    ]);
    const old = await setUp(withHeaders({ ...aged(120), "cache-control": "max-age=60", etag: '"a"' }));
    const stale = { headers: { "cache-control": "max-stale=300" } };
    await old.client.get(old.url);
    expect(await outcomes([() => old.client.get(old.url, stale)])).toEqual(["stale 200 answer 1"]);
  });

  test("streams, HEAD, ranges and the caller's own conditions go by", async () => {
    const { client, url, origin } = await setUp(withHeaders({ "cache-control": "max-age=60", etag: '"a"' }));
    await client.get(url);
    const stream = await client.stream(url);
    for await (const _chunk of stream.chunks());
    const passed = await Promise.all([
      client.head(url),
      client.get(url, { headers: { range: "bytes=0-1" } }),
      client.get(url, { headers: { "if-none-match": '"b"' } }),
    ]);
    expect(passed.map(({ cacheStatus }) => cacheStatus)).toEqual(["bypass", "bypass", "bypass"]);
    expect(origin.requestCount).toBe(5);
    expect((await client.get(url)).cacheStatus).toBe("hit");
  });

  test("a redirect is cached as an answer of its own; a coded body is kept decoded", async () => {
    const { client, origin, url } = await setUp(({ response, query }) => {
      response.setHeader("cache-control", "max-age=60");
      if (query.has("from")) response.writeHead(301, { location: "/x" });
    });
    await client.get(`${url}?from`);
    const second = await client.get(`${url}?from`);
    expect([second.text(), second.cacheStatus, second.history[0]?.cacheStatus]).toEqual([
      "answer 2",
      "hit",
      "hit",
    ]);
    expect(origin.requestCount).toBe(2);
  });

  test("is bounded: by bytes and by entries, the ones unused for longest go first", async () => {
    const store = new MemoryCacheStore({ maxEntries: 2, maxBytes: 50_000 });
    const { client, url } = await setUp(
      ({ response, query }) => {
        response.setHeader("cache-control", "max-age=60");
        response.end("x".repeat(Number(query.get("bytes") ?? 1)));
      },
      { cache: { store } },
    );
    const status = async (query: string) => (await client.get(`${url}?${query}`)).cacheStatus;
    for (const query of ["a", "b", "a", "c"]) await status(query);
    expect([await status("a"), await status("c"), await status("b")]).toEqual(["hit", "hit", "miss"]);
    expect([await status("bytes=60000"), await status("bytes=60000")]).toEqual(["miss", "miss"]);
    await status("bytes=30000&a");
    await status("bytes=30000&b");
    expect(store.bytes).toBeLessThanOrEqual(50_000);
    expect(store.size).toBeLessThanOrEqual(2);
  });

  test("a client that extends shares it, or has none; it says what it was asked for", async () => {
    const { client, url } = await setUp(withHeaders({ "cache-control": "max-age=60" }));
    await client.get(url);
    const none = client.extend({ cache: false });
    expect((await client.extend({ headers: { "x-a": "1" } }).get(url)).cacheStatus).toBe("hit");
    expect([(await none.get(url)).cacheStatus, (await none.get(url)).fromCache]).toEqual([undefined, false]);
    expect((await client.get(url, { cache: null })).cacheStatus).toBeUndefined();
    expect(() => new Client({ cache: { maxSize: 1 } as never })).toThrow(
      /cache: there is no option "maxSize"/,
    );
    expect(() => new Client({ cache: { store: new MemoryCacheStore(), maxBytes: 1 } })).toThrow(
      /cache\.maxBytes/,
    );
    await expect(client.get(url, { cache: true as never })).rejects.toThrow(/can only be turned off/);
  });

  test("a store of one's own, also one that is slow; what it throws fails the call, and says so", async () => {
    const memory = new MemoryCacheStore();
    const store = {
      get: async (key: string) => structuredClone(memory.get(key)),
      set: async (key: string, value: Parameters<typeof memory.set>[1]) =>
        memory.set(key, structuredClone(value)),
      delete: async (key: string) => memory.delete(key),
    };
    const { client, url } = await setUp(withHeaders({ "cache-control": "max-age=60" }), { cache: { store } });
    expect(await outcomes([() => client.get(url), () => client.get(url)])).toEqual([
      "miss 200 answer 1",
      "hit 200 answer 1",
    ]);
    const broken = client.extend({
      cache: {
        store: {
          ...store,
          get: () => {
            throw new Error("disk on fire");
          },
        },
      },
    });
    await expect(broken.get(url)).rejects.toThrow(/the cache store threw: disk on fire/);
  });

  test("the cap on a body holds for stored ones, too", async () => {
    const store = new MemoryCacheStore();
    const { client, url } = await setUp(withHeaders({ "cache-control": "max-age=60" }), { cache: { store } });
    await client.get(url);
    const small = new Client({ cache: { store }, limits: { maxResponseBytes: 3 }, retry: false });
    onTestFinished(() => small.destroy());
    await expect(small.get(url)).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  });
});
