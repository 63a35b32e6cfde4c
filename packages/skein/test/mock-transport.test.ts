import { describe, expect, test } from "@skein/testkit";
import { Client, type ClientOptions, gather, InvalidOption, Response } from "../src/entry/node.ts";
import { type MockAnswer, type MockHandler, mockTransport } from "../src/entry/testing.ts";

/** The backoff of a retry is real time: one short wait is enough. */
function mocked(answers: MockHandler | readonly MockAnswer[], options: ClientOptions = {}) {
  const transport = mockTransport(answers);
  return { transport, client: new Client({ ...options, transport }) };
}

describe("mockTransport", () => {
  test("answers by a function of the request, and keeps the requests", async () => {
    const { transport, client } = mocked(request => ({
      status: 201,
      headers: { "X-Seen": request.headers.get("x-mine") },
      json: { path: request.path, page: request.params.get("page"), sent: request.json() },
    }));
    const response = await client.post("https://api.example.com/users?page=2", {
      headers: { "X-Mine": "yes" },
      json: { name: "Ann" },
    });
    expect(response).toBeInstanceOf(Response);
    expect(response.status).toBe(201);
    expect(response.headers.get("x-seen")).toBe("yes");
    expect(response.json()).toEqual({ path: "/users", page: "2", sent: { name: "Ann" } });
    expect(transport.requests.map(String)).toEqual(["POST https://api.example.com/users?page=2"]);
    expect(transport.requests[0]!.headers.get("user-agent")).toMatch(/^skein\//);
  });

  test("answers from a list in turn; then it is used up", async () => {
    const { client } = mocked([{ text: "one" }, { status: 404, text: "two" }]);
    expect(await client.get("https://a.test/").text()).toBe("one");
    expect((await client.get("https://a.test/")).status).toBe(404);
    await expect(client.get("https://a.test/3")).rejects.toThrow(
      "no answer is left for GET https://a.test/3",
    );
  });

  test("what stands above the network stays real: retries, redirects, decoding", async () => {
    const { transport, client } = mocked([
      { failure: "refused" },
      { status: 302, headers: { location: "/new" } },
      { headers: { "content-encoding": "gzip" }, content: Buffer.from(GZIPPED, "base64") },
    ]);
    const response = await client.get("https://a.test/old");
    expect(response.text()).toBe("hello");
    expect(response.history.map(({ status }) => status)).toEqual([302]);
    expect(transport.requests.map(({ path, attempt }) => [path, attempt])).toEqual([
      ["/old", 1],
      ["/old", 2],
      ["/new", 1],
    ]);
  });

  test.each([
    ["refused", "CONNECTION_REFUSED", "none"],
    ["dns", "DNS_FAILED", "none"],
    ["connect-timeout", "CONNECT_TIMEOUT", "none"],
    ["closed", "CONNECTION_CLOSED", "full"],
    ["reset", "CONNECTION_RESET", "full"],
    ["read-timeout", "READ_TIMEOUT", "full"],
  ] as const)("fails on demand: %s", async (failure, code, requestSent) => {
    const { client } = mocked([{ failure }], { retry: false });
    await expect(client.get("https://a.test/")).rejects.toMatchObject({ code, requestSent });
  });

  test("chunks arrive one by one, and a body can break off behind them", async () => {
    const { client } = mocked([{ status: 200, content: ["one,", "two,"], failure: "reset" }]);
    const stream = await client.stream("https://a.test/");
    const seen: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream.textChunks()) seen.push(chunk);
    })();
    await expect(reading).rejects.toMatchObject({ code: "CONNECTION_RESET", phase: "body" });
    expect(seen).toEqual(["one,", "two,"]);
  });

  test("leaving a stream early ends the iterable that it came from", async () => {
    let returned = false;
    async function* endless() {
      try {
        for (;;) yield "line\n";
      } finally {
        returned = true;
      }
    }
    const { client } = mocked(() => ({ content: endless() }));
    for await (const line of (await client.stream("https://a.test/")).lines()) {
      expect(line).toBe("line");
      break;
    }
    expect(returned).toBe(true);
  });

  test("the platform's Response is an answer too", async () => {
    const { client } = mocked(() => globalThis.Response.json({ a: 1 }, { status: 202 }));
    const response = await client.get("https://a.test/");
    expect([response.status, response.json()]).toEqual([202, { a: 1 }]);
  });

  test("a handler that never answers meets the timeouts and the cancellation of a real call", async () => {
    const { client } = mocked(() => new Promise<never>(() => undefined), { retry: false });
    await expect(client.get("https://a.test/", { timeout: "150ms" })).rejects.toMatchObject({
      code: "TOTAL_TIMEOUT",
    });
    await expect(client.get("https://a.test/", { timeout: { read: "150ms" } })).rejects.toMatchObject({
      code: "READ_TIMEOUT",
    });
    await expect(client.get("https://a.test/", { timeout: { headers: "150ms" } })).rejects.toMatchObject({
      code: "HEADERS_TIMEOUT",
    });
    const call = client.get("https://a.test/");
    call.cancel("enough");
    await expect(call).rejects.toMatchObject({ name: "AbortError", cause: "enough" });
  });

  test("an error of the handler's own is told as such, and not tried again", async () => {
    const { transport, client } = mocked(() => {
      throw new RangeError("a bug in the test");
    });
    const failed = client.get("https://a.test/");
    await expect(failed).rejects.toMatchObject({ code: "HANDLER_FAILED", cause: expect.any(RangeError) });
    expect(transport.requests).toHaveLength(1);
  });

  test("reads the body of a request, also one that is a stream", async () => {
    const { client } = mocked(request => ({ text: request.text().toUpperCase() }));
    async function* body() {
      yield "ab";
      yield new Uint8Array([99]);
    }
    expect(await client.put("https://a.test/", { content: body() }).text()).toBe("ABC");
  });

  test("carries batches, gather and HEAD", async () => {
    const { client } = mocked(request => ({ text: request.path }));
    const states: string[] = [];
    for await (const task of client.batch(["https://a.test/1", "https://a.test/2"])) states.push(task.state);
    expect(states).toEqual(["succeeded", "succeeded"]);
    const texts = await gather([1, 2].map(id => client.get(`https://a.test/${id}`).text()));
    expect(texts).toEqual(["/1", "/2"]);
    expect((await client.head("https://a.test/")).text()).toBe("");
  });

  test("keeps to limits.maxResponseBytes", async () => {
    const { client } = mocked(() => ({ content: ["12345", "67890"] }), { limits: { maxResponseBytes: 9 } });
    await expect(client.get("https://a.test/")).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
    const { client: whole } = mocked(() => ({ text: "1234567890" }), { limits: { maxResponseBytes: 9 } });
    await expect(whole.get("https://a.test/")).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  });

  test.each([
    [{ stauts: 200 }, 'there is no option "stauts"; did you mean "status"?'],
    [{ text: "a", json: 1 }, "give one body, not text and json"],
    [{ status: 99 }, "status: expected 200 to 999; got 99"],
    [{ failure: "gone" }, 'there is none "gone"; known: refused'],
    [undefined, "a mock answers with an object"],
  ])("refuses what is no answer: %j", async (answer, message) => {
    const { client } = mocked(() => answer as MockAnswer);
    const failed = client.get("https://a.test/");
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toBeInstanceOf(InvalidOption);
  });

  test("after close, a call fails with ClientClosed", async () => {
    const { client } = mocked(() => ({}));
    await client.close();
    await expect(client.get("https://a.test/")).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  });
});

describe("the option transport", () => {
  test("is a service, or refused", () => {
    expect(() => new Client({ transport: {} as never })).toThrow("transport: expected a service");
  });

  test.each([
    ["tls", { tls: { verify: false } }],
    ["limits.maxConnections", { limits: { maxConnections: 5 } }],
    ["limits.keepAliveExpiry", { limits: { keepAliveExpiry: "1s" } }],
    ["timeout.connect", { timeout: { connect: "1s" } }],
  ] as const)("%s has nothing to act on, and is refused", (name, options) => {
    const make = () => new Client({ ...options, transport: mockTransport([]) });
    expect(make).toThrow(InvalidOption);
    expect(make).toThrow(`${name}: this client's transport has no way to do that`);
  });

  test("what it can't honour is refused in a call, too", async () => {
    const { client } = mocked(() => ({}));
    await expect(client.get("https://a.test/", { timeout: { pool: "1s" } })).rejects.toThrow("timeout.pool");
  });

  test("any object with send and close will do, and a client that extends another shares it", async () => {
    const inner = mockTransport(() => ({ text: "ok" }));
    let closed = 0;
    const transport = {
      send: inner.send.bind(inner),
      close: async () => {
        closed += 1;
      },
    };
    const client = new Client({ transport });
    const extended = client.extend({ baseUrl: "https://a.test/v1" });
    expect(await extended.get("/users").text()).toBe("ok");
    expect(inner.requests[0]!.path).toBe("/v1/users");
    await extended.close();
    expect(closed).toBe(0);
    client.destroy();
    expect(closed).toBe(1);
  });
});

/** "hello", gzipped. */
const GZIPPED = "H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==";
