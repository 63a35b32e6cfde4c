import {
  afterAll,
  beforeAll,
  describe,
  expect,
  expectTypeOf,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import * as skein from "../src/entry/node.ts";
import {
  Client,
  HTTPStatusError,
  InvalidUrl,
  type RetryEvent,
  SchemaError,
  type StandardSchema,
} from "../src/entry/node.ts";

interface Echo {
  method: string;
  target: string;
  headers: [string, string][];
  body: string;
}

let origin: OriginServer;
let other: OriginServer;
const clients: Client[] = [];
function clientWith(options: ConstructorParameters<typeof Client>[0]): Client {
  const client = new Client({ timeout: "10s", ...options });
  clients.push(client);
  return client;
}
beforeAll(async () => {
  const latin = (text: string) => Buffer.from(text, "latin1");
  const routes = {
    typed: ({ response, query }: import("@skein/testkit").OriginExchange) => {
      if (query.has("type")) response.setHeader("content-type", query.get("type")!);
      response.end(latin(query.get("bytes") ?? ""));
    },
  };
  [origin, other] = await Promise.all([originServer({ routes }), originServer()]);
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await Promise.all([origin.close(), other.close()]);
});

const sentHeader = ({ headers }: Echo, name: string) =>
  headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1];

describe("baseUrl", () => {
  test.each([
    ["/v1", "/users", "/v1/users"],
    ["/v1/", "/users", "/v1/users"],
    ["/v1/", "users", "/v1/users"],
    ["/v1", "users/", "/v1/users/"],
    ["/v1", "", "/v1"],
    ["/v1/", "", "/v1/"],
    ["/v1", "?page=2", "/v1?page=2"],
    ["/v1", "/a/../b", "/v1/b"],
    ["/v1?key=1", "/users?page=2", "/v1/users?page=2&key=1"],
    ["", "/users", "/users"],
    ["/v1", "/users#part", "/v1/users"],
  ])("%s and %s: %s", async (base, url, target) => {
    const client = clientWith({
      baseUrl: `${origin.url}${base.startsWith("/v1") ? base.replace("/v1", "/echo") : `/echo${base}`}`,
    });
    const echo = await client.get(url).json<Echo>();
    expect(echo.target).toBe(base === "" ? "/echo/users" : target.replace("/v1", "/echo"));
  });

  test.each(["..", "/../secret", "/a/../../secret", "%2e%2e/secret", "/..", "\\..\\secret"])(
    "%s can't climb out",
    async url => {
      const client = clientWith({ baseUrl: `${origin.url}/echo/` });
      await expect(client.get(url)).rejects.toThrow(InvalidUrl);
      await expect(client.get(url)).rejects.toThrow(/leads out of the baseUrl/);
    },
  );

  test.each(["//evil.test/x", "\\\\evil.test/x", "https://evil.test/x", "http:\\\\evil.test"])(
    "the string %s, which leads to another origin, is refused",
    async url => {
      const client = clientWith({ baseUrl: `${origin.url}/echo` });
      await expect(client.get(url)).rejects.toThrow(/leads to another origin \(https?:\/\/evil\.test\)/);
    },
  );

  test("a whole URL of the same origin is taken as it is", async () => {
    const client = clientWith({ baseUrl: `${origin.url}/echo` });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("a URL object goes where it says, without the client's credentials", async () => {
    const client = clientWith({
      baseUrl: `${origin.url}/echo`,
      headers: { authorization: "Bearer s3cret", "x-api-key": "k" },
    });
    const echo = await client.get(new URL(`${other.url}/echo`)).json<Echo>();
    expect(sentHeader(echo, "authorization")).toBeUndefined();
    expect(sentHeader(echo, "x-api-key")).toBeUndefined();
    expect(sentHeader(echo, "user-agent")).toMatch(/^skein\//);
    const own = await client
      .get(new URL(`${other.url}/echo`), { headers: { authorization: "Bearer for-other" } })
      .json<Echo>();
    expect(sentHeader(own, "authorization")).toBe("Bearer for-other");
    expect(sentHeader(await client.get("").json<Echo>(), "authorization")).toBe("Bearer s3cret");
  });

  test("with a fragment, or that is none, is refused when the client is made", () => {
    expect(() => new Client({ baseUrl: "http://a.test/#x" })).toThrow(/baseUrl: .* has a fragment/);
    expect(() => new Client({ baseUrl: "/v1" })).toThrow(InvalidUrl);
  });
});

describe("client.extend", () => {
  test("shares the connections, and changes what it says", async () => {
    const client = clientWith({ headers: { "x-a": "1", "x-b": "1" }, params: { p: "1" } });
    const child = client.extend({
      baseUrl: origin.url,
      headers: { "x-a": null, "X-B": "2" },
      params: { q: "2" },
    });
    const before = origin.connections;
    await client.get(`${origin.url}/ok`);
    const echo = await child.get("/echo").json<Echo>();
    expect(origin.connections).toBe(before + 1);
    expect([sentHeader(echo, "x-a"), sentHeader(echo, "x-b"), echo.target]).toEqual([
      undefined,
      "2",
      "/echo?p=1&q=2",
    ]);
    await child.close();
    await expect(child.get("/ok")).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("objects merge by key; unset is not off", async () => {
    const client = clientWith({ timeout: { total: "20s", read: 40 }, retry: false });
    const child = client.extend({ timeout: { read: 60_000 } });
    expect((await child.get(`${origin.url}/delay/150`)).status).toBe(200);
    await expect(client.get(`${origin.url}/delay/5000`)).rejects.toMatchObject({ code: "READ_TIMEOUT" });
    expect((await client.get(`${origin.url}/delay/150`, { timeout: null })).status).toBe(200);
  });

  test("refuses what belongs to the connections", () => {
    const client = clientWith({});
    expect(() => client.extend({ tls: { verify: false } } as never)).toThrow(
      /"tls" belongs to the connections/,
    );
    expect(() => client.extend({ header: {} } as never)).toThrow(
      /extend: there is no option "header"; did you mean "headers"/,
    );
  });
});

test("client.with adds a layer at a stated place", async () => {
  const seen: string[] = [];
  const tell =
    (name: string): skein.Layer =>
    inner => ({
      async send(request, context) {
        seen.push(`${name} ${request.url.target}`);
        return inner.send(request, context);
      },
      close: () => inner.close(),
    });
  const client = clientWith({})
    .with(tell("outside"), { before: "redirect" })
    .with(tell("each hop"), { before: "retry" })
    .with(tell("each try"), { after: "retry" });
  await client.get(`${origin.url}/redirect/302?to=/flaky/with/1`);
  expect(seen).toEqual([
    "outside /redirect/302?to=/flaky/with/1",
    "each hop /redirect/302?to=/flaky/with/1",
    "each try /redirect/302?to=/flaky/with/1",
    "each hop /flaky/with/1",
    "each try /flaky/with/1",
    "each try /flaky/with/1",
  ]);
  expect(() => client.with(tell("x"), { before: "nowhere" as never })).toThrow(/one of .*hooks, redirect/);
  expect(() => client.with(tell("x"), {})).toThrow(/say "before" or "after"/);
});

describe("two steps", () => {
  test("a request is built first, and sent as often as wanted", async () => {
    const client = clientWith({ baseUrl: origin.url, headers: { "x-a": "1" } });
    const request = client.buildRequest("post", "/echo", { json: { a: 1 }, params: { q: 1 } });
    expect(`${request}`).toBe(`POST ${origin.url}/echo?q=1`);
    expect(request.headers.get("content-type")).toBe("application/json");
    const first = await client.send(request).json<Echo>();
    const second = await client.send(request).json<Echo>();
    expect([first.body, second.body, sentHeader(first, "x-a")]).toEqual(['{"a":1}', '{"a":1}', "1"]);
    const stream = await client.send(request, { stream: true });
    expectTypeOf(stream).toEqualTypeOf<skein.StreamResponse>();
    let text = "";
    for await (const chunk of stream.textChunks()) text += chunk;
    expect(JSON.parse(text).method).toBe("POST");
  });

  test.each([
    { retry: false },
    { timeout: 5 },
    { redirect: false },
    { raiseForStatus: true },
    { signal: AbortSignal.abort() },
  ])(
    "%o belongs to the call: to build a request with it is an error, alone and in a batch",
    async options => {
      const client = clientWith({ baseUrl: origin.url });
      expect(() => client.buildRequest("GET", "/ok", options as never)).toThrow(
        /belongs to the call.*give it to send\(\)/,
      );
      for await (const task of client.batch([{ url: "/ok", ...(options as object) }])) {
        expect(task.error?.message).toMatch(/belongs to the call/);
      }
    },
  );

  test("one whose body was a stream can be sent once", async () => {
    const client = clientWith({});
    const request = client.buildRequest("POST", `${origin.url}/echo`, {
      content: new Blob(["abc"]).stream(),
    });
    expect((await client.send(request)).status).toBe(200);
    await expect(client.send(request)).rejects.toMatchObject({ code: "BODY_NOT_REPLAYABLE" });
  });
});

test("the one-shot functions share a client", async () => {
  const before = origin.connections;
  expect(await skein.get(`${origin.url}/ok`).text()).toBe("ok");
  expect(await skein.post(`${origin.url}/echo`, { form: { a: 1 } }).json<Echo>()).toMatchObject({
    method: "POST",
    body: "a=1",
  });
  const { put, patch, del, options } = skein;
  const methods = await Promise.all(
    [put, patch, del, options].map(call => call(`${origin.url}/echo`).json<Echo>()),
  );
  expect(methods.map(({ method }) => method)).toEqual(["PUT", "PATCH", "DELETE", "OPTIONS"]);
  expect((await skein.head(`${origin.url}/ok`)).status).toBe(200);
  expect((await skein.request("QUERY", `${origin.url}/ok`)).status).toBe(200);
  expect((await skein.stream(`${origin.url}/ok`)).status).toBe(200);
  expect(origin.connections - before).toBeLessThanOrEqual(5);
});

describe("hooks", () => {
  test("see a call as its caller does, and may change it", async () => {
    const seen: string[] = [];
    const client = clientWith({
      hooks: {
        request: async request => {
          seen.push(`request ${request.url.target}`);
          return request.with({ headers: request.headers.with("X-Hook", "yes") });
        },
        response: response => {
          seen.push(`response ${response.status} ${response.history.length}`);
        },
        redirect: ({ response, nextRequest }) => {
          seen.push(`redirect ${response.status} ${nextRequest.url.target}`);
        },
        retry: ({ attempt, response, request }: RetryEvent) => {
          seen.push(`retry ${attempt} ${response?.status} ${request.url.target}`);
        },
        error: error => {
          seen.push(`error ${error.code}`);
        },
      },
    });
    const echo = await client.get(`${origin.url}/redirect/302?to=/echo`).json<Echo>();
    expect(sentHeader(echo, "x-hook")).toBe("yes");
    await client.get(`${origin.url}/flaky/hooks/1`);
    await expect(client.get("http://127.0.0.1:1/", { retry: false })).rejects.toThrow();
    expect(seen).toEqual([
      "request /redirect/302?to=/echo",
      "redirect 302 /echo",
      "response 200 1",
      "request /flaky/hooks/1",
      "retry 1 503 /flaky/hooks/1",
      "response 200 0",
      "request /",
      "error CONNECTION_REFUSED",
    ]);
  });

  test.each(["request", "response", "retry", "redirect"] as const)(
    "one that throws (%s) fails the call, and releases its connection",
    async name => {
      await using own = await originServer();
      const broken = new Error("the hook broke");
      const client = clientWith({
        limits: { maxConnectionsPerOrigin: 1 },
        hooks: {
          [name]: () => {
            throw broken;
          },
        },
      });
      const url = `${own.url}/${name === "retry" ? "flaky/x/1" : name === "redirect" ? "redirect/302?to=/ok" : "ok"}`;
      for (let i = 0; i < 3; i++) {
        await expect(client.get(url.replace("/x/", `/x${i}/`))).rejects.toMatchObject({
          code: "HANDLER_FAILED",
          cause: broken,
        });
      }
      const stream = client.stream(`${own.url}/bytes/5000000`);
      if (name === "request" || name === "response")
        await expect(stream).rejects.toMatchObject({ cause: broken });
      else (await stream).close();
    },
  );

  test("what is no hook is refused", () => {
    expect(() => new Client({ hooks: { respones: () => undefined } as never })).toThrow(
      /hooks: .*did you mean "response"/,
    );
    expect(() => new Client({ hooks: { request: 1 as never } })).toThrow(
      /hooks\.request: expected a function/,
    );
  });
});

describe("raiseForStatus", () => {
  test("makes a status an error of the call; a request may say otherwise", async () => {
    const client = clientWith({ raiseForStatus: true });
    await expect(client.get(`${origin.url}/status/404`)).rejects.toThrow(HTTPStatusError);
    await expect(client.stream(`${origin.url}/status/404`)).rejects.toThrow(HTTPStatusError);
    expect((await client.get(`${origin.url}/status/404`, { raiseForStatus: false })).status).toBe(404);
  });
});

test("fallback answers in the place of a failure, but not of a mistake", async () => {
  const client = clientWith({ retry: false });
  const standIn = await client.get(`${origin.url}/ok`);
  const response = await client.get("http://127.0.0.1:1/", { fallback: () => standIn });
  expect(response).toBe(standIn);
  expect(
    await client.get(`${origin.url}/status/500`, { raiseForStatus: true, fallback: () => standIn }).text(),
  ).toBe("ok");
  await expect(client.get("no url", { fallback: () => standIn })).rejects.toThrow(InvalidUrl);
  await expect(
    client.get("http://127.0.0.1:1/", {
      fallback: error => {
        throw error;
      },
    }),
  ).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
});

describe("text", () => {
  const typed = (type: string, bytes: string) =>
    `/typed?${new URLSearchParams({ ...(type ? { type } : {}), bytes })}`;
  test.each([
    ["of the charset named", "text/plain; charset=iso-8859-1", "caf\xe9", "café"],
    ["of a quoted charset", 'text/plain; charset="shift_jis"', "\x93\xfa\x96\x7b", "日本"],
    ["of a charset that nobody knows: UTF-8", "text/plain; charset=klingon", "\xc3\xa9", "é"],
    ["without a charset: UTF-8", "text/plain", "\xc3\xa9", "é"],
    ["without a type", "", "\xc3\xa9", "é"],
    ["with a byte order mark", "text/plain", "\xef\xbb\xbfx", "x"],
  ])("%s", async (_, type, bytes, text) => {
    expect(await clientWith({ baseUrl: origin.url }).get(typed(type, bytes)).text()).toBe(text);
  });

  test("the default charset can be a name, or found from the bytes", async () => {
    const path = typed("text/plain", "caf\xe9");
    expect(await clientWith({ baseUrl: origin.url, defaultEncoding: "latin1" }).get(path).text()).toBe(
      "café",
    );
    const guess = (bytes: Uint8Array) => (bytes.includes(0xe9) ? "windows-1252" : "utf-8");
    expect(await clientWith({ baseUrl: origin.url }).get(path, { defaultEncoding: guess }).text()).toBe(
      "café",
    );
    expect(() => new Client({ defaultEncoding: "klingon" })).toThrow(/no charset is named "klingon"/);
  });

  test("the encoding can be set before the first use, and asked for", async () => {
    const response = await clientWith({ baseUrl: origin.url }).get(
      typed("text/plain; charset=utf-8", "caf\xe9"),
    );
    expect([response.encoding, response.charsetEncoding]).toEqual(["utf-8", "utf-8"]);
    response.encoding = "windows-1252";
    expect([response.text(), response.encoding]).toEqual(["café", "windows-1252"]);
    expect(() => {
      response.encoding = "klingon";
    }).toThrow(/klingon/);
  });

  test.each([
    ["utf-8", Buffer.from('{"a":"ü"}')],
    ["utf-8 with a mark", Buffer.from('\ufeff{"a":"ü"}')],
    ["utf-16le", Buffer.from('{"a":"ü"}', "utf16le")],
    ["utf-16le with a mark", Buffer.from('\ufeff{"a":"ü"}', "utf16le")],
    ["utf-16be", Buffer.from('{"a":"ü"}', "utf16le").swap16()],
    ["utf-32le", Buffer.from(Uint32Array.from('{"a":"ü"}', c => c.codePointAt(0)!).buffer)],
    ["utf-32be", Buffer.from(Uint32Array.from('{"a":"ü"}', c => c.codePointAt(0)!).buffer).swap32()],
  ])("JSON in %s", async (_, bytes) => {
    expect(
      await clientWith({ baseUrl: origin.url })
        .get(typed("application/json", bytes.toString("latin1")))
        .json(),
    ).toEqual({ a: "ü" });
  });
});

describe("json(schema)", () => {
  const isNumber: StandardSchema<{ number: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: value =>
        typeof (value as { number: unknown }).number === "number"
          ? { value: value as { number: number } }
          : { issues: [{ message: "expected a number", path: ["number"] }] },
    },
  };
  const later: StandardSchema<{ number: number }> = {
    "~standard": { ...isNumber["~standard"], validate: async value => isNumber["~standard"].validate(value) },
  };

  test("validates, and gives the schema's type", async () => {
    const client = clientWith({ baseUrl: origin.url });
    const value = await client.get("/json").json(isNumber);
    expectTypeOf(value).toEqualTypeOf<{ number: number }>();
    expect(value.number).toBe(42);
    expect((await client.get("/json")).json(isNumber).number).toBe(42);
    expect((await client.get("/json").json(later)).number).toBe(42);
    expectTypeOf(await client.get("/json").json()).toBeUnknown();
  });

  test("what does not fit says where", async () => {
    const client = clientWith({ baseUrl: origin.url });
    await expect(client.get("/echo").json(isNumber)).rejects.toThrow(SchemaError);
    await expect(client.get("/echo").json(later)).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: expect.stringContaining("number: expected a number"),
      issues: [{ path: ["number"] }],
    });
    const response = await client.get("/json");
    expect(() => response.json(later)).toThrow(/validates asynchronously/);
  });
});

test("a response says what it is", async () => {
  const client = clientWith({ baseUrl: origin.url, redirect: false });
  const kinds = async (path: string) => {
    const response = await client.get(path, { retry: false });
    const { isInformational, isRedirect, isClientError, isServerError, isError } = response;
    return Object.entries({ isInformational, isRedirect, isClientError, isServerError, isError })
      .filter(([, is]) => is)
      .map(([name]) => name);
  };
  expect(await kinds("/ok")).toEqual([]);
  expect(await kinds("/redirect/302?to=/ok")).toEqual(["isRedirect"]);
  expect(await kinds("/status/404")).toEqual(["isClientError", "isError"]);
  expect(await kinds("/status/503")).toEqual(["isServerError", "isError"]);
  const blob = (await client.get("/json")).blob();
  expect(blob.type).toContain("application/json");
  expect(await blob.text()).toContain("hello");
});

test("the functions that are exported", () => {
  const oneShot = ["get", "head", "options", "post", "put", "patch", "del", "request", "stream"];
  expect(Object.keys(skein)).toEqual(expect.arrayContaining([...oneShot, "gather", "isSkeinError"]));
});
