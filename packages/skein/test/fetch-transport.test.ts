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
import { Client, fetchTransport } from "../src/entry/node.ts";

let origin: OriginServer;
let client: Client;

beforeAll(async () => {
  origin = await originServer();
  client = new Client({ transport: fetchTransport() });
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

describe("fetchTransport on Node", () => {
  test("carries calls over the built-in fetch, which sends its own default headers", async () => {
    const response = await client.post(`${origin.url}/echo?a=1`, { json: { b: 2 } });
    const { method, target, body, headers } = response.json<{
      method: string;
      target: string;
      body: string;
      headers: [string, string][];
    }>();
    expect([method, target, body]).toEqual(["POST", "/echo?a=1", '{"b":2}']);
    const sent = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
    expect(sent.get("accept")).toBe("*/*");
    expect(sent.get("user-agent")).not.toMatch(/skein/);
    expect(sent.get("content-length")).toBe("7");
  });

  test("what mocks put in the place of the global fetch is called", async () => {
    const mock = vi.spyOn(globalThis, "fetch");
    mock.mockImplementation(async () => Response.json({ mocked: true }, { status: 201 }));
    try {
      const response = await client.get("https://api.example.com/users");
      expect([response.status, response.json()]).toEqual([201, { mocked: true }]);
      expect(mock.mock.calls[0]![0]).toBe("https://api.example.com/users");
    } finally {
      mock.mockRestore();
    }
  });

  test("passes on what a page's fetch knows, and a fetch of one's own", async () => {
    const seen: RequestInit[] = [];
    const fetch = async (_input: unknown, init?: RequestInit) => {
      seen.push(init!);
      return new Response("ok");
    };
    const transport = fetchTransport({ fetch, credentials: "include", cache: "no-store", priority: "low" });
    await new Client({ transport }).get("https://a.test/");
    expect(seen[0]).toMatchObject({ credentials: "include", cache: "no-store", priority: "low" });
  });

  test("is decoded once", async () => {
    expect((await client.get(`${origin.url}/gzip`)).json()).toEqual(
      (await new Client().get(`${origin.url}/gzip`)).json(),
    );
  });

  test("redirects are Skein's: with history, credentials kept off other origins", async () => {
    const response = await client.get(`${origin.url}/redirect/302?to=/text`);
    expect(response.history.map(({ status }) => status)).toEqual([302]);
    expect(response.url).toBe(`${origin.url}/text`);
    await using other = await originServer();
    await client.get(`${origin.url}/redirect/302?to=${other.url}/ok`, {
      headers: { authorization: "secret" },
    });
    expect(other.requests[0]!.headers.map(([name]) => name.toLowerCase())).not.toContain("authorization");
  });

  test("retries, streams and batches work", async () => {
    expect(await client.get(`${origin.url}/flaky/web/1`).text()).toBe("ok after 1 failures");
    const stream = await client.stream(`${origin.url}/chunked/100000`);
    let size = 0;
    for await (const chunk of stream.chunks()) size += chunk.length;
    expect(size).toBe(100_000);
    const states: string[] = [];
    for await (const task of client.batch([`${origin.url}/ok`, `${origin.url}/text`]))
      states.push(task.state);
    expect(states).toEqual(["succeeded", "succeeded"]);
  });

  test("a stream goes up as it comes", async () => {
    async function* body() {
      yield "one ";
      yield "two";
    }
    const { body: sent } = await client
      .post(`${origin.url}/echo`, { content: body() })
      .json<{ body: string }>();
    expect(sent).toBe("one two");
  });

  test("timeouts: total, headers, read; each ends the fetch", async () => {
    const quick = client.extend({ retry: false });
    await expect(quick.get(`${origin.url}/hang`, { timeout: "100ms" })).rejects.toMatchObject({
      code: "TOTAL_TIMEOUT",
    });
    await expect(quick.get(`${origin.url}/hang`, { timeout: { headers: "100ms" } })).rejects.toMatchObject({
      code: "HEADERS_TIMEOUT",
    });
    await expect(
      quick.get(`${origin.url}/stall-mid-body`, { timeout: { read: "100ms" } }),
    ).rejects.toMatchObject({ code: "READ_TIMEOUT", phase: "body" });
    await expect.poll(() => origin.openConnections).toBeLessThan(20);
  });

  test("errors are Skein's, as far as the platform tells", async () => {
    const refused = client.get("http://127.0.0.1:59999/", { retry: false });
    await expect(refused).rejects.toMatchObject({ code: "CONNECTION_REFUSED", requestSent: "none" });
    const cut = client.get(`${origin.url}/cut-mid-body`, { retry: false });
    await expect(cut).rejects.toMatchObject({ code: "BODY_CUT", phase: "body" });
    const fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    const blind = new Client({ transport: fetchTransport({ fetch }), retry: false });
    await expect(blind.get("https://a.test/")).rejects.toMatchObject({
      code: "FETCH_FAILED",
      message: "GET https://a.test/: the platform's fetch failed: Failed to fetch",
      retryable: true,
    });
  });

  test("cancelling and leaving early reach the server", async () => {
    const closed: string[] = [];
    await using server = await originServer({
      routes: {
        endless: ({ request, response }) => {
          response.write("first");
          response.on("close", () => closed.push(request.url!));
        },
      },
    });
    const call = client.get(`${server.url}/endless?1`);
    await expect.poll(() => server.requestCount).toBe(1);
    call.cancel("enough");
    await expect(call).rejects.toMatchObject({ name: "AbortError", cause: "enough" });
    const stream = await client.stream(`${server.url}/endless?2`);
    stream.close();
    await expect.poll(() => closed.sort()).toEqual(["/endless?1", "/endless?2"]);
  });

  test("close waits for what is under way; destroy ends it", async () => {
    const closing = new Client({ transport: fetchTransport() });
    const call = closing.get(`${origin.url}/delay/50`);
    await Promise.all([closing.close(), expect(call).resolves.toMatchObject({ status: 200 })]);
    const doomed = new Client({ transport: fetchTransport(), retry: false });
    const hanging = doomed.get(`${origin.url}/hang`);
    setTimeout(() => doomed.destroy(), 20);
    await expect(hanging).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  });

  test.each(["connect", "write", "pool"])("timeout.%s is the platform's, and refused", name => {
    expect(() => new Client({ transport: fetchTransport(), timeout: { [name]: "1s" } })).toThrow(
      `timeout.${name}`,
    );
  });

  test("unknown options are refused", () => {
    expect(() => fetchTransport({ credential: "include" } as never)).toThrow('did you mean "credentials"?');
  });
});
