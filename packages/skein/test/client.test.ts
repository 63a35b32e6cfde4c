import { Readable } from "node:stream";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
  vi,
} from "@skein/testkit";
import packageJson from "../package.json" with { type: "json" };
import {
  AbortError,
  Client,
  DecodingError,
  HTTPStatusError,
  InvalidOption,
  LocalProtocolError,
  type RequestOptions,
  type Response,
} from "../src/entry/node.ts";
import { VERSION } from "../src/entry/version.ts";

interface Echo {
  method: string;
  target: string;
  headers: [string, string][];
  body: string;
}

let origin: OriginServer;
let client: Client;

beforeAll(async () => {
  origin = await originServer();
  client = new Client({ timeout: "10s" });
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

async function echo(method: string, options?: RequestOptions, path = "/echo"): Promise<Echo> {
  const response = await client.request(method, `${origin.url}${path}`, options);
  return response.raiseForStatus().json<Echo>();
}

function headerOf({ headers }: Echo, name: string): string | undefined {
  return headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1];
}

describe("a response", () => {
  test("has its status, its headers, and its body read", async () => {
    const response = await client.get(`${origin.url}/json`);
    expect(response).toMatchObject({ status: 200, ok: true, reasonPhrase: "OK", httpVersion: "1.1" });
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(response.json()).toEqual({ message: "hello", number: 42 });
    expect(response.bytes()).toBeInstanceOf(Uint8Array);
    expect(response.elapsed).toBeGreaterThan(0);
    expect(response.url).toBe(`${origin.url}/json`);
  });

  test("decodes text, characters beyond ASCII too", async () => {
    expect(await client.get(`${origin.url}/text`).text()).toBe("Grüße, 世界 ✓\n");
  });

  test.each(["gzip", "deflate", "br"])("in %s is decoded", async coding => {
    const response = await client.get(`${origin.url}/${coding}`);
    expect(response.headers.get("content-encoding")).toBe(coding);
    expect(response.json()).toEqual(expect.any(Object));
  });

  test("that is no JSON says so, and quotes its beginning", async () => {
    const response = await client.get(`${origin.url}/ok`);
    expect(() => response.json()).toThrow(DecodingError);
    expect(() => response.json()).toThrow(/not JSON: "ok"/);
  });

  test("raiseForStatus is itself on 2xx, and an error with the status, the URL and the body else", async () => {
    const good = await client.get(`${origin.url}/ok`);
    expect(good.raiseForStatus()).toBe(good);
    const bad = await client.get(`${origin.url}/status/404`);
    expect(bad.ok).toBe(false);
    const error = caught(() => bad.raiseForStatus());
    expect(error).toBeInstanceOf(HTTPStatusError);
    expect(error).toMatchObject({ status: 404, code: "HTTP_STATUS", response: bad });
    expect(error.message).toContain(`GET ${origin.url}/status/404: answered 404 Not Found`);
  });

  test("the shortcuts raise on a status that is not 2xx", async () => {
    await expect(client.get(`${origin.url}/status/403`).json()).rejects.toThrow(HTTPStatusError);
    await expect(client.get(`${origin.url}/status/403`).text()).rejects.toThrow(HTTPStatusError);
    await expect(client.get(`${origin.url}/status/403`).bytes()).rejects.toThrow(HTTPStatusError);
    expect(await client.get(`${origin.url}/json`).json<{ number: number }>()).toMatchObject({ number: 42 });
  });

  test.each(["HEAD"])("to %s has no body, whatever its content-length says", async () => {
    const response = await client.head(`${origin.url}/bytes/1000`);
    expect(response.headers.get("content-length")).toBe("1000");
    expect(response.bytes()).toHaveLength(0);
  });

  test.each([0, 1, 65_536, 3_000_000])(
    "of %d bytes comes whole, with a length and in chunks",
    async length => {
      const [sized, chunked] = await Promise.all([
        client.get(`${origin.url}/bytes/${length}`).bytes(),
        client.get(`${origin.url}/chunked/${length}`).bytes(),
      ]);
      expect(sized).toHaveLength(length);
      expect(Buffer.compare(sized, chunked)).toBe(0);
    },
  );
});

describe("a request", () => {
  test("carries our default headers, and each can be replaced or removed", async () => {
    const plain = await echo("GET");
    expect(headerOf(plain, "user-agent")).toBe(`skein/${VERSION}`);
    expect(headerOf(plain, "accept")).toBe("*/*");
    expect(headerOf(plain, "accept-encoding")).toMatch(/^gzip, deflate, br/);
    const changed = await echo("GET", { headers: { "user-agent": "mine", Accept: null } });
    expect(headerOf(changed, "user-agent")).toBe("mine");
    expect(headerOf(changed, "accept")).toBeUndefined();
  });

  test("the version that we tell is the package's", () => {
    expect(VERSION).toBe(packageJson.version);
  });

  test.each(["get", "post", "put", "patch", "delete", "options"] as const)(
    "%s has its method",
    async verb => {
      const response = await client[verb](`${origin.url}/echo`);
      expect(response.json()).toMatchObject({ method: verb.toUpperCase() });
    },
  );

  test("params are added to the URL's own query; arrays repeat, null drops a key", async () => {
    const { target } = await echo(
      "GET",
      { params: { a: 2, list: ["x", "y"], yes: true, gone: null, none: undefined } },
      "/echo?a=1&gone=1",
    );
    expect(target).toBe("/echo?a=1&a=2&list=x&list=y&yes=true");
  });

  test("json is compact, with its content type", async () => {
    const sent = await echo("POST", { json: { a: [1, "ü"], b: null } });
    expect(sent.body).toBe('{"a":[1,"ü"],"b":null}');
    expect(headerOf(sent, "content-type")).toBe("application/json");
    expect(headerOf(sent, "content-length")).toBe(String(Buffer.byteLength(sent.body)));
  });

  test.each([
    [{ a: { b: [1, Number.NaN] } }, "json.a.b[1]: NaN"],
    [{ a: 1n }, "json.a: the BigInt 1"],
    [undefined, ""],
  ])("json that can't be said names its path: %#", async (json, message) => {
    if (json === undefined) return expect((await echo("POST", { json: undefined })).body).toBe("");
    await expect(client.post(`${origin.url}/echo`, { json })).rejects.toThrow(message);
  });

  test("json that refers back to itself is refused by name", async () => {
    const circle: Record<string, unknown> = { list: [] };
    (circle.list as unknown[]).push(circle);
    await expect(client.post(`${origin.url}/echo`, { json: circle })).rejects.toThrow(
      /json\.list\[0\]: refers back/,
    );
  });

  test("form is urlencoded", async () => {
    const sent = await echo("POST", { form: { name: "Jo & Co", tags: ["a", "b"] } });
    expect(sent.body).toBe("name=Jo+%26+Co&tags=a&tags=b");
    expect(headerOf(sent, "content-type")).toBe("application/x-www-form-urlencoded");
  });

  test.each<[string, () => RequestOptions["content"], string | undefined]>([
    ["a string", () => "héllo", "6"],
    ["bytes", () => new TextEncoder().encode("héllo"), "6"],
    ["an ArrayBuffer", () => new TextEncoder().encode("héllo").buffer, "6"],
    ["a Blob", () => new Blob(["hé", "llo"]), "6"],
    ["a web stream", () => new Blob(["héllo"]).stream(), undefined],
    ["a Node stream", () => Readable.from([Buffer.from("hé"), "llo"]), undefined],
    ["an iterable", () => ["hé", "llo"], undefined],
    ["a function that makes one", () => () => ["hé", "llo"], undefined],
  ])("content may be %s", async (_, content, length) => {
    const sent = await echo("PUT", { content: content() });
    expect(sent.body).toBe("héllo");
    expect(headerOf(sent, "content-length")).toBe(length);
    expect(headerOf(sent, "transfer-encoding")).toBe(length === undefined ? "chunked" : undefined);
  });

  test("a large body arrives whole", async () => {
    const body = "0123456789abcdef".repeat(100_000);
    expect((await echo("POST", { content: body })).body).toBe(body);
  });

  test("two bodies are refused, and so is an unknown option", async () => {
    await expect(client.post(`${origin.url}/echo`, { json: 1, form: { a: "1" } } as never)).rejects.toThrow(
      /give one body, not json and form/,
    );
    await expect(client.get(origin.url, { timeuot: 5 } as never)).rejects.toThrow(
      /no option "timeuot"; did you mean "timeout"/,
    );
    expect(() => new Client({ retires: 3 } as never)).toThrow(/no option "retires"/);
    expect(() => new Client({ timeout: "soon" as never })).toThrow(InvalidOption);
    expect(() => new Client({ limits: { maxConnections: 0 } })).toThrow(/limits\.maxConnections/);
  });

  test.each([
    ["a line break in a value", { headers: { "x-a": "1\r\nx-b: 2" } }],
    ["a NUL in a value", { headers: { "x-a": "1\0" } }],
    ["a character beyond latin1", { headers: { "x-a": "世" } }],
    ["a name that is no token", { headers: { "x a": "1" } }],
    ["an empty name", { headers: { "": "1" } }],
  ])("with %s is refused before a byte is sent", async (_, options) => {
    const before = origin.requestCount;
    await expect(client.get(`${origin.url}/ok`, options)).rejects.toThrow(LocalProtocolError);
    expect(origin.requestCount).toBe(before);
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("with a method that is no token is refused", async () => {
    await expect(client.request("GET / HTTP/1.1\r\n", `${origin.url}/ok`)).rejects.toThrow(
      LocalProtocolError,
    );
  });

  test("user name and password of the URL become Basic credentials, and appear nowhere else", async () => {
    const url = origin.url.replace("://", "://user:s3cret@");
    const response = await client.get(`${url}/echo`);
    expect(headerOf(response.json<Echo>(), "authorization")).toBe(`Basic ${btoa("user:s3cret")}`);
    expect(`${response} ${response.url}`).not.toContain("s3cret");
    const error: Error = await client.get(`${url}/hang`, { timeout: 50 }).then(unexpected, e => e);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("s3cret");
  });

  test("an idempotency key is the same on every attempt, and makes a POST safe to repeat", async () => {
    const count = origin.requestCount;
    const response = await client.post(`${origin.url}/flaky/keyed/2`, { idempotencyKey: true, json: {} });
    expect(response.status).toBe(200);
    const keys = origin.requests.slice(count).map(request => request.header("idempotency-key"));
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });
});

describe("a call that fails", () => {
  test("names the request and the cause in one line, and its stack leads to the caller", async () => {
    async function theCaller() {
      return await client.get("http://127.0.0.1:1/x?token=abc", { retry: false });
    }
    const error = await theCaller().then(unexpected, e => e);
    expect(error.message).toBe("GET http://127.0.0.1:1/x?token=***: connection refused by 127.0.0.1:1");
    expect(error.stack).toContain("theCaller");
    expect(error).toMatchObject({
      code: "CONNECTION_REFUSED",
      phase: "connect",
      requestSent: "none",
      name: "ConnectError",
    });
  });

  test("tells how often it was tried", async () => {
    const error = await client.get("http://127.0.0.1:1/").then(unexpected, e => e);
    expect(error.message).toMatch(
      /connection refused by 127\.0\.0\.1:1 \(attempt 3 of 3, after [\d.]+ m?s\)$/,
    );
    expect(error.attempts).toHaveLength(3);
    expect(error.toJSON()).toMatchObject({ code: "CONNECTION_REFUSED", attempts: [{}, {}, {}] });
  });

  test("can be cancelled, before and while it is answered", async () => {
    const early = client.get(`${origin.url}/delay/5000`);
    early.cancel("not needed");
    const error = await early.then(unexpected, e => e);
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ name: "AbortError", code: "ABORTED", cause: "not needed" });
    const late = client.get(`${origin.url}/slow-body`);
    setTimeout(() => late.cancel(), 50);
    await expect(late).rejects.toThrow(AbortError);
  });

  test("follows the caller's signal, and leaves no listener on it", async () => {
    const controller = new AbortController();
    const reason = new Error("the user left");
    const call = client.get(`${origin.url}/delay/5000`, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 30);
    await expect(call).rejects.toMatchObject({ name: "AbortError", cause: reason });
    await expect(client.get(`${origin.url}/ok`, { signal: controller.signal })).rejects.toThrow(
      /the user left/,
    );
    const counting = new AbortController();
    const { signal } = counting;
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    await client.get(`${origin.url}/ok`, { signal });
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls[0]?.slice(0, 2)).toEqual(added.mock.calls[0]?.slice(0, 2));
  });

  test("after close says that the client is closed", async () => {
    const closed = new Client();
    await closed.close();
    await expect(closed.get(`${origin.url}/ok`)).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  });
});

describe("a stream", () => {
  test("is read as it comes, in text, lines and JSON lines", async () => {
    const stream = await client.stream(`${origin.url}/text`);
    const lines: string[] = [];
    for await (const line of stream.lines()) lines.push(line);
    expect(lines).toEqual(["Grüße, 世界 ✓"]);
    const json = await client.stream(`${origin.url}/json`);
    for await (const value of json.jsonLines()) expect(value).toEqual({ message: "hello", number: 42 });
  });

  test("is decoded like any body", async () => {
    const stream = await client.stream(`${origin.url}/gzip`);
    let text = "";
    for await (const chunk of stream.textChunks()) text += chunk;
    expect(JSON.parse(text)).toEqual(expect.any(Object));
  });

  test("that is left early closes its connection", async () => {
    const own = new Client();
    const stream = await own.stream(`${origin.url}/bytes/50000000`);
    let length = 0;
    for await (const chunk of stream.chunks()) {
      length += chunk.length;
      if (length > 100_000) break;
    }
    expect(length).toBeLessThan(50_000_000);
    await own.close();
  });

  test("can be read once, and not after it was closed", async () => {
    const stream = await client.stream(`${origin.url}/bytes/1000`);
    const first = stream.chunks();
    await first.next();
    await expect(stream.chunks().next()).rejects.toMatchObject({ code: "STREAM_CONSUMED" });
    await first.return();
    await expect(stream.chunks().next()).rejects.toMatchObject({ code: "STREAM_CLOSED" });
  });

  test("does not outrun its reader", async () => {
    const own = new Client();
    const before = process.memoryUsage().arrayBuffers;
    const stream = await own.stream(`${origin.url}/bytes/100000000`);
    const chunks = stream.chunks();
    await chunks.next();
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    await chunks.return();
    await own.close();
  });
});

function caught(run: () => unknown): HTTPStatusError<Response> {
  try {
    run();
  } catch (error) {
    return error as HTTPStatusError<Response>;
  }
  throw new Error("expected an error");
}

function unexpected(): never {
  throw new Error("expected a rejection");
}
