import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  scriptedServer,
  test,
} from "@skein/testkit";
import { Client, type Fetch } from "../src/entry/node.ts";

interface Echo {
  method: string;
  target: string;
  headers: [string, string][];
  body: string;
}

let origin: OriginServer;
let client: Client;
let fetch: Fetch;

beforeAll(async () => {
  origin = await originServer();
  client = new Client();
  // Taken off its client: it is bound.
  fetch = client.fetch;
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

async function echo(input: Parameters<Fetch>[0], init?: RequestInit): Promise<Echo> {
  return (await (await fetch(input, init)).json()) as Echo;
}

function headerOf({ headers }: Echo, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

async function failureOf(promise: Promise<unknown>): Promise<Error & { cause?: unknown }> {
  return promise.then(
    () => expect.fail("it did not fail"),
    error => error,
  );
}

describe("the response", () => {
  test("is the platform's own", async () => {
    const response = await fetch(`${origin.url}/json?a=1#part`);
    expect(response).toBeInstanceOf(globalThis.Response);
    expect(Object.prototype.toString.call(response)).toBe("[object Response]");
    expect([response.status, response.ok, response.type, response.redirected]).toEqual([
      200,
      true,
      "basic",
      false,
    ]);
    expect(response.url).toBe(`${origin.url}/json?a=1`);
    expect(response.headers).toBeInstanceOf(globalThis.Headers);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toEqual({ message: "hello", number: 42 });
    expect(response.bodyUsed).toBe(true);
  });

  test("keeps each set-cookie apart", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(
        "HTTP/1.1 200 OK\r\nset-cookie: a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n",
      );
    });
    const { headers } = await fetch(server.url);
    expect(headers.getSetCookie()).toEqual(["a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]);
  });

  test("its clone has the same address, and a body of its own", async () => {
    const response = await fetch(`${origin.url}/redirect/302?to=/text`);
    const copy = response.clone();
    expect([copy.url, copy.redirected]).toEqual([`${origin.url}/text`, true]);
    expect(await copy.text()).toBe(await response.text());
  });

  test.each([204, 304, 404, 503])("status %d is no error", async status => {
    const response = await fetch(`${origin.url}/status/${status}`);
    expect([response.status, response.ok]).toEqual([status, status === 204]);
    if (status === 204 || status === 304) expect(response.body).toBeNull();
  });

  test("a status that new Response() would refuse is told as it came", async () => {
    const response = await fetch(`${origin.url}/status/999`);
    expect([response.status, response.ok, await response.text()]).toEqual([999, false, "status 999"]);
  });

  test("HEAD has no body", async () => {
    const response = await fetch(`${origin.url}/text`, { method: "head" });
    expect([response.body, await response.text()]).toEqual([null, ""]);
  });

  test("is decoded", async () => {
    expect((await fetch(`${origin.url}/gzip`)).ok).toBe(true);
    expect(await (await fetch(`${origin.url}/gzip`)).json()).toBeTypeOf("object");
  });

  test("a large body comes whole, in chunks, blocks of the reader's own included", async () => {
    const bytes = await (await fetch(`${origin.url}/chunked/300000`)).bytes();
    const response = await fetch(`${origin.url}/chunked/300000`);
    const reader = response.body!.getReader({ mode: "byob" });
    const parts: Uint8Array[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(1_000));
      if (done) break;
      parts.push(value);
    }
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(bytes).toHaveLength(300_000);
  });

  test("small bodies do not share memory that a reader could take away", async () => {
    const [first, second] = await Promise.all([fetch(`${origin.url}/text`), fetch(`${origin.url}/text`)]);
    structuredClone((await first.arrayBuffer()) as ArrayBuffer);
    expect(await second.text()).toContain("Grüße");
  });

  test("a slow reader slows the server", async () => {
    const response = await fetch(`${origin.url}/bytes/100000000`);
    const reader = response.body!.getReader();
    await reader.read();
    const before = process.memoryUsage().arrayBuffers;
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    await reader.cancel();
  });

  test("cancelling the body closes its connection", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await originServer({
      routes: {
        endless: ({ response }) => {
          response.write("first");
          response.on("close", () => closed.resolve());
        },
      },
    });
    const response = await fetch(`${server.url}/endless`);
    await response.body!.cancel("enough");
    await closed.promise;
  });

  test("a response that is dropped unread gives its connection back", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await using server = await originServer();
    await using own = new Client();
    expect((await own.fetch(`${server.url}/stall-mid-body`)).ok).toBe(true);
    expect(server.openConnections).toBe(1);
    await expect
      .poll(() => {
        collect();
        return server.openConnections;
      })
      .toBe(0);
  });

  test("a body that is cut fails its reader with our error as the cause", async () => {
    const response = await fetch(`${origin.url}/cut-mid-body`);
    const error = await failureOf(response.text());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ code: "BODY_CUT" });
  });
});

describe("the request", () => {
  test("a string, a URL, a Request, and what only looks like one", async () => {
    const url = `${origin.url}/echo?a=1`;
    expect((await echo(url)).target).toBe("/echo?a=1");
    expect((await echo(new URL(url))).target).toBe("/echo?a=1");
    const request = new Request(url, { method: "PUT", headers: { "x-a": "1" }, body: "text" });
    const seen = await echo(request);
    expect([seen.method, headerOf(seen, "x-a"), seen.body]).toEqual(["PUT", "1", "text"]);
    const foreign = { url, method: "DELETE", headers: new Map([["x-b", "2"]]) } as unknown as Request;
    const again = await echo(foreign);
    expect([again.method, headerOf(again, "x-b")]).toEqual(["DELETE", "2"]);
  });

  test("init wins over the Request", async () => {
    const request = new Request(`${origin.url}/echo`, {
      method: "POST",
      headers: { "x-a": "1" },
      body: "old",
    });
    const seen = await echo(request, { method: "PUT", headers: { "x-a": "2" }, body: "new" });
    expect([seen.method, headerOf(seen, "x-a"), seen.body]).toEqual(["PUT", "2", "new"]);
  });

  test.each<[string, () => BodyInit, string | undefined, string]>([
    ["a string", () => "Grüße", "text/plain;charset=UTF-8", "Grüße"],
    [
      "URLSearchParams",
      () => new URLSearchParams({ a: "1 2" }),
      "application/x-www-form-urlencoded;charset=UTF-8",
      "a=1+2",
    ],
    ["a Blob", () => new Blob(["blob"], { type: "text/x" }), "text/x", "blob"],
    ["a Blob without type", () => new Blob(["blob"]), undefined, "blob"],
    ["an ArrayBuffer", () => new TextEncoder().encode("bytes").buffer, undefined, "bytes"],
    ["a view", () => new DataView(new TextEncoder().encode("xbytes").buffer, 1), undefined, "bytes"],
  ])("body: %s", async (_name, body, type, text) => {
    const seen = await echo(`${origin.url}/echo`, { method: "POST", body: body() });
    expect([headerOf(seen, "content-type"), seen.body]).toEqual([type, text]);
    expect(headerOf(seen, "content-length")).toBe(String(Buffer.byteLength(text)));
  });

  test("body: FormData, with its length", async () => {
    const form = new FormData();
    form.append("name", "Ann");
    form.append("file", new Blob(["hello"], { type: "text/plain" }), "a.txt");
    const seen = await echo(`${origin.url}/echo`, { method: "POST", body: form });
    expect(headerOf(seen, "content-type")).toMatch(/^multipart\/form-data; boundary=/);
    expect(headerOf(seen, "content-length")).toBe(String(seen.body.length));
    expect(seen.body).toContain('name="file"; filename="a.txt"');
  });

  test("body: a stream, with duplex, chunked; a content-length that is given is kept", async () => {
    const stream = () => new Blob(["streamed"]).stream();
    const init = { method: "POST", duplex: "half" } as RequestInit;
    const seen = await echo(`${origin.url}/echo`, { ...init, body: stream() });
    expect([headerOf(seen, "transfer-encoding"), seen.body]).toEqual(["chunked", "streamed"]);
    const sized = await echo(`${origin.url}/echo`, {
      ...init,
      body: stream(),
      headers: { "content-length": "8" },
    });
    expect([headerOf(sized, "content-length"), sized.body]).toEqual(["8", "streamed"]);
    await expect(fetch(origin.url, { method: "POST", body: stream() })).rejects.toThrow("duplex");
  });

  test("the body of a Request goes with its length, where it is in memory; a stream as it comes", async () => {
    const inMemory = await echo(
      new Request(`${origin.url}/echo`, { method: "POST", body: "x".repeat(200_000) }),
    );
    expect(headerOf(inMemory, "content-length")).toBe("200000");
    const slow = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("one "));
        await new Promise(resolve => setTimeout(resolve, 20));
        controller.enqueue(new TextEncoder().encode("two"));
        controller.close();
      },
    });
    const init = { method: "POST", body: slow, duplex: "half" } as RequestInit;
    const seen = await echo(new Request(`${origin.url}/echo`, init));
    expect([headerOf(seen, "transfer-encoding"), seen.body]).toEqual(["chunked", "one two"]);
  });

  test("a Request whose body is used is refused", async () => {
    const request = new Request(`${origin.url}/echo`, { method: "POST", body: "text" });
    await echo(request);
    await expect(fetch(request)).rejects.toThrow("already been used");
  });

  test("headers that are the connection's own are passed over", async () => {
    const headers = { connection: "close", "content-length": "99", host: "evil.test", "x-a": "1" };
    const seen = await echo(`${origin.url}/echo`, { headers });
    expect(headerOf(seen, "x-a")).toBe("1");
    expect(headerOf(seen, "host")).toBe(new URL(origin.url).host);
    expect(headerOf(seen, "content-length")).toBeUndefined();
  });

  test("the client's headers and base URL hold; a whole URL goes where it says", async () => {
    const based = client.extend({ baseUrl: `${origin.url}/echo`, headers: { "x-key": "1" } });
    const seen = (await (await based.fetch("users")).json()) as Echo;
    expect([seen.target, headerOf(seen, "x-key")]).toEqual(["/echo/users", "1"]);
    await using other = await originServer();
    const elsewhere = (await (await based.fetch(`${other.url}/echo`)).json()) as Echo;
    expect(headerOf(elsewhere, "x-key")).toBeUndefined();
  });

  test.each<[string, RequestInit & Record<string, unknown>, string]>([
    ["a GET with a body", { body: "x" }, "GET/HEAD"],
    ["CONNECT", { method: "connect" }, "unsupported"],
    ["a redirect mode that is none", { redirect: "no" as never }, "redirect"],
    ["a signal that is none", { signal: {} as never }, "signal"],
    ["a dispatcher", { dispatcher: {} }, '"dispatcher" is set on the client'],
    ["integrity", { integrity: "sha256-abc" }, "integrity is not checked"],
  ])("refuses %s with TypeError", async (_name, init, message) => {
    const error = await failureOf(fetch(origin.url, init));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });
});

describe("a body that is in memory", () => {
  test("is read once, however it is read; its stream is the platform's", async () => {
    const url = `${origin.url}/json`;
    const whole = await client.fetch(url);
    const copy = whole.clone();
    expect([whole.bodyUsed, copy.bodyUsed]).toEqual([false, false]);
    expect(await whole.json()).toEqual(JSON.parse(await copy.text()));
    expect([whole.bodyUsed, copy.bodyUsed]).toEqual([true, true]);
    for (const read of ["text", "json", "bytes", "arrayBuffer", "blob"] as const)
      await expect(whole[read]()).rejects.toBeInstanceOf(TypeError);
    expect(() => whole.clone()).toThrow(TypeError);
    const streamed = await client.fetch(url);
    const reader = streamed.body!.getReader();
    expect(streamed.body!.locked).toBe(true);
    await expect(streamed.text()).rejects.toBeInstanceOf(TypeError);
    expect(() => streamed.clone()).toThrow(TypeError);
    expect((await reader.read()).value).toBeInstanceOf(Uint8Array);
    const blob = await (await client.fetch(url)).blob();
    expect([blob.type, blob.size]).toEqual(["application/json", (await copyOf(url)).byteLength]);
    const used = await client.fetch(url);
    await used.text();
    expect(used.body?.locked).toBe(true);
  });

  test("a new Response of it, and its headers, are as of any other", async () => {
    const response = await client.fetch(`${origin.url}/json`);
    const again = new Response(response.body, response);
    expect(again.headers.get("content-type")).toMatch(/json/);
    expect(response.headers).toBe(response.headers);
    response.headers.set("x-own", "1");
    expect(response.headers.get("x-own")).toBe("1");
    expect(await again.json()).toMatchObject({ message: "hello" });
  });

  async function copyOf(url: string): Promise<ArrayBuffer> {
    const buffer = await (await client.fetch(url)).arrayBuffer();
    expect(buffer).toBeInstanceOf(ArrayBuffer);
    return buffer;
  }
});
