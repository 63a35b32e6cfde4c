import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { Client, type ClientOptions, HTTPStatusError, type SkeinError } from "../src/entry/node.ts";

let origin: OriginServer;
const clients: Client[] = [];
function clientWith(options: ClientOptions): Client {
  const client = new Client({ timeout: "10s", ...options });
  clients.push(client);
  return client;
}
beforeAll(async () => {
  origin = await originServer();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await origin.close();
});

describe("the hook error", () => {
  test("is told once for each call that fails, a refused status among them, and sees the whole error", async () => {
    const told: SkeinError[] = [];
    const client = clientWith({
      retry: false,
      raiseForStatus: true,
      hooks: { error: error => void told.push(error) },
    });
    const calls = [
      client.get(`${origin.url}/status/404`),
      client.get(`${origin.url}/status/503`, { raiseForStatus: false }),
      client.get("http://127.0.0.1:1/"),
      client.get("http://"),
      client.fetch(`${origin.url}/cut-mid-body`).then(response => response.status),
      client.stream(`${origin.url}/status/500`),
    ];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
      "rejected",
    ]);
    expect(told.map(({ code }) => code).sort()).toEqual([
      "CONNECTION_REFUSED",
      "HTTP_STATUS",
      "HTTP_STATUS",
      "INVALID_URL",
    ]);
    const [refused] = told.filter(({ code }) => code === "CONNECTION_REFUSED");
    expect(refused?.message).toMatch(/^GET http:\/\/127\.0\.0\.1:1\/: /);
    expect(refused).toBe((outcomes[2] as PromiseRejectedResult).reason);
  });

  test("what it returns is thrown in the error's place; fallback comes after it; one that throws is told of", async () => {
    class OutOfOrder extends Error {}
    const client = clientWith({ retry: false, hooks: { error: () => new OutOfOrder("closed for today") } });
    await expect(client.get("http://127.0.0.1:1/")).rejects.toBeInstanceOf(OutOfOrder);
    const codes: string[] = [];
    const telling = clientWith({
      retry: false,
      hooks: { error: async error => void codes.push(error.code) },
    });
    const spare = await telling.get(`${origin.url}/ok`);
    const answered = await telling.get("http://127.0.0.1:1/", { fallback: () => spare });
    expect([answered, codes]).toEqual([spare, ["CONNECTION_REFUSED"]]);
    const broken = new Error("the hook broke");
    const throwing = clientWith({
      retry: false,
      hooks: {
        error: () => {
          throw broken;
        },
      },
    });
    await expect(throwing.get("http://127.0.0.1:1/")).rejects.toMatchObject({
      code: "HANDLER_FAILED",
      cause: broken,
      message: "GET http://127.0.0.1:1/: hooks.error threw: the hook broke",
    });
  });

  test("is told, in a batch, of each attempt that fails", async () => {
    const codes: string[] = [];
    const client = clientWith({ hooks: { error: error => void codes.push(error.code) } });
    await using batch = client.batch([`${origin.url}/ok`, "http://127.0.0.1:1/"], { attempts: 1 });
    const states: string[] = [];
    for await (const task of batch) states.push(task.state);
    expect([states.sort(), codes]).toEqual([["failed", "succeeded"], ["CONNECTION_REFUSED"]]);
  });
});

describe("retryAfterMs of a refused status", () => {
  test.each([
    ["a call that raises", { raiseForStatus: true }],
    ["its shortcuts", {}],
  ] as const)("%s", async (_, options) => {
    const client = clientWith({ retry: false });
    const url = `${origin.url}/retry-after/x?times=99&seconds=7`;
    await expect(client.get(url, options).text()).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });

  test("of a date, the time until then; of none, nothing", async () => {
    const client = clientWith({ retry: false });
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const url = `${origin.url}/retry-after/y?times=99&seconds=${encodeURIComponent(date)}`;
    const response = await client.get(url);
    const error = await Promise.resolve(response)
      .then(refused => refused.raiseForStatus())
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof HTTPStatusError)) throw error;
    expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(3_600_000);
    await expect(client.get(`${origin.url}/status/503`).text()).rejects.toMatchObject({
      retryAfterMs: undefined,
    });
  });
});
