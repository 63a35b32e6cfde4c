import {
  describe,
  expect,
  type OriginRoute,
  onTestFinished,
  originServer,
  sendText,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions, CookieJar, type CookieStore } from "../src/entry/node.ts";

/** `/set?c=a=1&c=b=2&to=/ok` sets cookies, and redirects where `to` is given. */
const set: OriginRoute = ({ response, query }) => {
  response.setHeader("set-cookie", query.getAll("c"));
  const to = query.get("to");
  if (to !== null) {
    response.statusCode = Number(query.get("status"));
    response.setHeader("location", to);
  }
  sendText(response, "set".padEnd(Number(/size=(\d+)/.exec(query.getAll("c").join())?.[1] ?? 3)));
};

const setting = (cookies: string[], to?: string, status = 303) =>
  `/set?${new URLSearchParams([
    ...cookies.map(c => ["c", c]),
    ...(to === undefined
      ? []
      : [
          ["to", to],
          ["status", `${status}`],
        ]),
  ])}`;

async function start(options: ClientOptions = {}) {
  const [origin, other] = await Promise.all([
    originServer({ routes: { set } }),
    originServer({ routes: { set } }),
  ]);
  const client = new Client({ timeout: "10s", ...options });
  onTestFinished(async () => {
    await client.close();
    await Promise.all([origin.close(), other.close()]);
  });
  return { origin, other, client };
}

const seen = (server: { requests: readonly { header(name: string): string | undefined }[] }) =>
  server.requests.map(request => request.header("cookie"));

describe("a client with a jar", () => {
  test("sends back what was set, by path, the longest first; a cookie that has ended is gone", async () => {
    const { origin, client } = await start({ cookies: true });
    await client.get(origin.url + setting(["a=1; Path=/", "b=2; Path=/ok", "c=3; Path=/elsewhere"]));
    await client.get(`${origin.url}/ok/more`);
    await client.get(origin.url + setting(["a=; Path=/; Max-Age=0", "b=4; Path=/ok"]));
    await client.get(`${origin.url}/ok`);
    expect(seen(origin)).toEqual([undefined, "b=2; a=1", "a=1", "b=4"]);
  });

  test.each([301, 302, 303, 307, 308])("a cookie set on a %i is sent on the next hop", async status => {
    const { origin, client } = await start({ cookies: true });
    const response = await client.post(origin.url + setting(["a=1; Path=/"], "/ok", status), { json: {} });
    expect(response.text()).toBe("ok");
    expect(seen(origin)).toEqual([undefined, "a=1"]);
    expect(response.history[0]?.cookies).toEqual({ a: "1" });
  });

  test("without `cookies` none are kept; null turns them off for a call, false for a client", async () => {
    const { origin, client } = await start();
    await client.get(origin.url + setting(["a=1; Path=/"], "/ok"));
    const keeping = client.extend({ cookies: true });
    await keeping.get(origin.url + setting(["b=1; Path=/"]), { cookies: null });
    await keeping.get(origin.url + setting(["c=1; Path=/"]));
    await keeping.get(`${origin.url}/ok`);
    await keeping.get(`${origin.url}/ok`, { cookies: false });
    await keeping.extend({ cookies: false }).get(`${origin.url}/ok`);
    expect(seen(origin)).toEqual([undefined, undefined, undefined, undefined, "c=1", undefined, undefined]);
  });

  test("streams, client.fetch and batches keep and send them; errors are kept from too", async () => {
    const { origin, client } = await start({ cookies: true });
    await (await client.stream(origin.url + setting(["a=1; Path=/"]))).close();
    await client.fetch(origin.url + setting(["b=2; Path=/"]));
    for await (const task of client.batch([`${origin.url}/ok`])) expect(task.state).toBe("succeeded");
    expect(seen(origin)).toEqual([undefined, "a=1", "a=1; b=2"]);
  });

  test("one jar can serve two clients, and outlive them", async () => {
    const jar = new CookieJar();
    const { origin, client } = await start({ cookies: jar });
    await client.get(origin.url + setting(["a=1; Path=/"]));
    const second = new Client({ cookies: await new CookieJar().load(await jar.save()) });
    await second.get(`${origin.url}/ok`);
    await second.close();
    expect(seen(origin)).toEqual([undefined, "a=1"]);
  });

  test("a public suffix, another's domain and a wrong prefix are refused", async () => {
    const { origin, client } = await start({ cookies: true });
    const url = origin.url.replace("127.0.0.1", "localhost");
    await client.get(
      url +
        setting([
          "a=1; Domain=com; Path=/",
          "b=1; Domain=example.com; Path=/",
          "__Host-c=1; Path=/",
          "d=1; Path=/",
        ]),
    );
    await client.get(`${url}/ok`);
    expect(seen(origin)).toEqual([undefined, "d=1"]);
  });

  test("Secure goes over https only", async () => {
    const secure = await tlsOriginServer({ routes: { set } });
    onTestFinished(() => secure.close());
    const jar = new CookieJar();
    const { client } = await start({ cookies: jar, tls: { ca: testCertificates().ca } });
    await client.get(secure.url + setting(["a=1; Path=/; Secure"]));
    await client.get(`${secure.url}/ok`);
    expect(seen(secure)).toEqual([undefined, "a=1"]);
    // Loopback counts as encrypted, as in browsers: a name of the network is needed to see the difference.
    await jar.set("s", "1", { url: "https://example.com/" });
    expect([await jar.get("s", "https://example.com/"), await jar.get("s", "http://example.com/")]).toEqual([
      "1",
      undefined,
    ]);
  });
});

describe("cookies given by name", () => {
  test("go where the call begins, and not to another origin that it is redirected to, nor back", async () => {
    const { origin, other, client } = await start({ cookies: { mine: "1" } });
    const back = `/redirect/302?to=${encodeURIComponent(`${origin.url}/ok`)}`;
    const away = `/redirect/302?to=${encodeURIComponent(other.url + back)}`;
    await client.get(`${origin.url}/redirect/302?to=/ok`, { cookies: { own: "2" } });
    await client.get(origin.url + away, { cookies: { own: "2" } });
    expect(seen(origin)).toEqual(["mine=1; own=2", "mine=1; own=2", "mine=1; own=2", undefined]);
    expect(seen(other)).toEqual([undefined]);
  });

  test("with a base URL the client's go there alone", async () => {
    const { origin, other, client } = await start();
    const based = client.extend({ baseUrl: origin.url, cookies: { mine: "1" } });
    await based.get("/ok");
    await based.get(new URL(`${other.url}/ok`));
    await based.get(new URL(`${other.url}/ok`), { cookies: { own: "2" } });
    expect([seen(origin), seen(other)]).toEqual([["mine=1"], [undefined, "own=2"]]);
  });

  test("a union: the request's first, then what a server has set, then the client's", async () => {
    const { origin, client } = await start({ cookies: { a: "client", b: "client", c: "client" } });
    await client.get(origin.url + setting(["b=server; Path=/", "c=server; Path=/", "d=server; Path=/"]));
    await client.get(`${origin.url}/ok`, { cookies: { c: "own" } });
    await client.get(`${origin.url}/ok`);
    expect(seen(origin).slice(1)).toEqual([
      "b=server; d=server; a=client; c=own",
      "b=server; c=server; d=server; a=client",
    ]);
  });

  test("an explicit cookie header wins, and what the response sets is kept all the same", async () => {
    const { origin, client } = await start({ cookies: { a: "1" } });
    await client.get(origin.url + setting(["b=2; Path=/"]), { headers: { cookie: "x=y" } });
    await client.get(`${origin.url}/ok`);
    expect(seen(origin)).toEqual(["x=y", "b=2; a=1"]);
    const both = client.get(`${origin.url}/ok`, { headers: { Cookie: "x=y" }, cookies: { a: "1" } });
    await expect(both).rejects.toThrow(/cookies: give it or the header "cookie", not both/);
    const headed = client.extend({ headers: { cookie: "x=y;z=1" } });
    await headed.get(`${origin.url}/ok`);
    await headed.get(`${origin.url}/ok`, { cookies: { z: "own" } });
    expect(seen(origin).slice(2)).toEqual(["x=y;z=1", "x=y; z=own"]);
  });

  test.each<[unknown, RegExp]>([
    ["a=1", /cookies: expected an object/],
    [[["a", "1"]], /cookies: expected an object/],
    [{ "a b": "1" }, /"a b" is not the name of a cookie/],
    [{ a: "canary; b" }, /cookies\.a: a value can't hold/],
    [{ a: "canary\r\nx: y" }, /cookies\.a: a value can't hold/],
    [{ a: 1 }, /cookies\.a: expected a string/],
  ])("%j is refused, naming the cookie and not its value", (cookies, message) => {
    expect(() => new Client({ cookies: cookies as never })).toThrow(message);
    expect(() => new Client({ cookies: cookies as never })).not.toThrow(/canary/);
  });
});

describe("Response.cookies", () => {
  test("are the ones that this response sets; commas in dates separate nothing", async () => {
    const { origin, client } = await start();
    const response = await client.get(
      origin.url +
        setting(["a=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT", "b=x=y", "a=2", "none", "__proto__=z"]),
    );
    expect(response.headers.getList("set-cookie")).toHaveLength(5);
    expect(Object.entries(response.cookies)).toEqual([
      ["a", "2"],
      ["b", "x=y"],
      ["__proto__", "z"],
    ]);
  });
});

test("a store of one's own is asked, and its failure fails the call without losing the connection", async () => {
  const stored: string[] = [];
  const store: CookieStore = {
    cookieHeader: async (url, { home, isSafe }) => `at=${url.target.length}-${home.key.length > 0}-${isSafe}`,
    store: async (url, cookies) => {
      if (url.target.includes("bad")) throw new Error("disk full");
      stored.push(...cookies);
    },
  };
  const { origin, client } = await start({ cookies: store });
  await client.get(origin.url + setting(["a=1"]));
  expect([stored, seen(origin)]).toEqual([["a=1"], ["at=12-true-true"]]);
  const failed = client.get(origin.url + setting(["bad=1"]));
  await expect(failed).rejects.toThrow(/the cookie store threw: disk full/);
  await client.get(`${origin.url}/ok`);
  await expect(client.stream(origin.url + setting(["bad=1", "size=1000000"]))).rejects.toThrow(/disk full/);
  await expect.poll(() => origin.openConnections).toBe(0);
});
