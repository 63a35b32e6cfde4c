import { inspect } from "node:util";
import { describe, expect, test } from "@skein/testkit";
import { type Auth, BasicAuth, BearerAuth, Client, type ClientOptions } from "../../src/entry/node.ts";
import { basic, redirect, seen, start } from "./guarded-origins.ts";

describe("which credentials are sent", () => {
  test("a pair, a BasicAuth and the userinfo of a URL are Basic credentials, in UTF-8", async () => {
    const { origin, client } = await start({});
    await client.get(`${origin.url}/ok`, { auth: ["user", "pa:ss"] });
    await client.get(`${origin.url}/ok`, { auth: new BasicAuth("jürgen", "€") });
    await client.get(origin.url.replace("//", "//j%C3%BCrgen:%E2%82%AC@"));
    expect(seen(origin)).toEqual([basic("user:pa:ss"), basic("jürgen:€"), basic("jürgen:€")]);
  });

  test("the client's, unless the request, its URL or its headers say otherwise; null is none", async () => {
    const { origin, client } = await start({}, { auth: ["client", "x"] });
    await client.get(`${origin.url}/ok`);
    await client.get(`${origin.url}/ok`, { auth: ["request", "x"] });
    await client.get(`${origin.url}/ok`, { auth: null });
    await client.get(`${origin.url}/ok`, { auth: false });
    await client.get(`${origin.url}/ok`, { headers: { authorization: "Custom x" } });
    await client.get(origin.url.replace("//", "//url:x@"));
    await client.get(origin.url.replace("//", "//url:x@"), { auth: ["request", "x"] });
    await client.get(origin.url.replace("//", "//url:x@"), { headers: { authorization: "Custom x" } });
    expect(seen(origin)).toEqual([
      basic("client:x"),
      basic("request:x"),
      undefined,
      undefined,
      "Custom x",
      basic("url:x"),
      basic("request:x"),
      "Custom x",
    ]);
  });

  test("a client that extends another with auth means that, and not the other's header", async () => {
    const { origin, client } = await start({}, { headers: { authorization: "Old x" } });
    await client.extend({ auth: ["new", "x"] }).get(`${origin.url}/ok`);
    await client
      .extend({ auth: ["new", "x"] })
      .extend({ auth: null })
      .get(`${origin.url}/ok`);
    await client.extend({ headers: { "x-other": "1" } }).get(`${origin.url}/ok`);
    expect(seen(origin)).toEqual([basic("new:x"), undefined, "Old x"]);
  });

  test("streams, client.fetch, built requests and batches carry them too", async () => {
    const { origin, client } = await start({}, { auth: ["u", "p"] });
    const stream = await client.stream(`${origin.url}/ok`);
    for await (const chunk of stream.chunks()) expect(chunk.length).toBe(2);
    await client.fetch(`${origin.url}/ok`);
    await client.send(client.buildRequest("GET", `${origin.url}/ok`));
    for await (const task of client.batch([`${origin.url}/ok`])) expect(task.state).toBe("succeeded");
    expect(seen(origin)).toEqual(Array(4).fill(basic("u:p")));
  });

  test.each<[ClientOptions["auth"], RegExp]>([
    ["user:password" as never, /auth: expected \[user, password\]/],
    [{} as never, /auth: expected \[user, password\]/],
    [["a"] as never, /auth: expected \[user, password\]/],
    [["a:b", "c"], /can't hold a colon/],
    [["a", "b\r\nc"], /can't hold control characters/],
    [["a", 1] as never, /both strings/],
  ])("%j is refused, and not quoted", async (auth, message) => {
    expect(() => new Client({ auth })).toThrow(message);
    const { origin, client } = await start({});
    await expect(client.get(`${origin.url}/ok`, { auth })).rejects.toThrow(message);
    expect(origin.requestCount).toBe(0);
  });

  test("auth together with an authorization header is a mistake", async () => {
    const headers = { Authorization: "x" };
    expect(() => new Client({ auth: ["a", "b"], headers })).toThrow(/auth: give it or the header/);
    const { origin, client } = await start({});
    const call = client.get(`${origin.url}/ok`, { auth: ["a", "b"], headers });
    await expect(call).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

test("what only builds a request refuses credentials, which belong to the call", async () => {
  const { origin, client } = await start({});
  const options = { auth: ["u", "p"] as [string, string] };
  expect(() => client.buildRequest("GET", origin.url, options as object)).toThrow(
    /auth: .*give them to send/,
  );
  const items = [{ url: origin.url, ...options }];
  for await (const task of client.batch(items, { request: item => item })) {
    expect(task).toMatchObject({ state: "failed", error: { code: "INVALID_OPTION" } });
  }
  const response = await client.send(client.buildRequest("GET", `${origin.url}/ok`), options);
  expect([response.status, seen(origin)]).toEqual([200, [basic("u:p")]]);
});

test("neither printing nor JSON shows what an auth or a client holds", () => {
  const holders = [
    new BasicAuth("u", "canary"),
    new BearerAuth("canary"),
    new Client({ auth: ["u", "canary"], cookies: { a: "canary" } }),
  ];
  for (const holder of holders)
    expect(inspect(holder, { depth: 9, showHidden: true }) + JSON.stringify(holder)).not.toContain("canary");
});

describe("credentials stay with their origin", () => {
  const auths: [string, () => Auth | [string, string]][] = [
    ["pair", () => ["u", "p"]],
    ["bearer", () => new BearerAuth("t")],
    ["bearer function", () => new BearerAuth(async () => "t")],
    [
      "custom flow",
      () => ({
        *flow(request) {
          yield request.with({ headers: request.headers.with("Authorization", "X") });
        },
      }),
    ],
  ];

  test.each(auths)(
    "%s: kept on the same origin, left behind on another, and not restored on the way back",
    async (_, make) => {
      const { origin, other, client } = await start({}, { auth: make() });
      await client.get(origin.url + redirect("/ok"));
      expect(seen(origin).every(value => value !== undefined)).toBe(true);
      await client.get(origin.url + redirect(other.url + redirect(`${origin.url}/ok`)));
      expect(seen(other)).toEqual([undefined]);
      expect(seen(origin).at(-1)).toBeUndefined();
      expect(origin.requestCount).toBe(4);
    },
  );

  test("userinfo in a Location is not sent to another origin", async () => {
    const { origin, other, client } = await start({});
    await client.get(origin.url.replace("//", "//u:p@") + redirect(other.url.replace("//", "//a:b@")));
    expect([seen(origin), seen(other)]).toEqual([[basic("u:p")], [undefined]]);
  });

  test("with a base URL, a URL object that leads elsewhere gets none of the client's", async () => {
    const { origin, other, client } = await start({});
    const based = client.extend({ baseUrl: origin.url, auth: ["u", "p"] });
    await based.get("/ok");
    await based.get(new URL(`${other.url}/ok`));
    await based.get(new URL(`${other.url}/ok`), { auth: ["mine", "p"] });
    expect([seen(origin), seen(other)]).toEqual([[basic("u:p")], [undefined, basic("mine:p")]]);
  });

  test("no message shows them", async () => {
    const { client } = await start({});
    const error = await client
      .get("http://user:canary@127.0.0.1:1/", { auth: ["a", "canary"] })
      .catch(e => e);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain("canary");
  });
});
