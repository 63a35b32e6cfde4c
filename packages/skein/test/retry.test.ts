import { expect, onTestFinished, originServer, scriptedServer, test } from "@skein/testkit";
import { Client, type ClientOptions } from "../src/entry/node.ts";

async function start(options: ClientOptions = {}) {
  const origin = await originServer();
  const client = new Client({ timeout: "10s", ...options });
  onTestFinished(async () => {
    await client.close();
    await origin.close();
  });
  return { origin, client };
}

test("what fails and then succeeds is a success, and lists its attempts", async () => {
  const { origin, client } = await start();
  const response = await client.get(`${origin.url}/flaky/a/2`);
  expect(response.text()).toBe("ok after 2 failures");
  expect(response.attempts.map(({ status }) => status)).toEqual([503, 503, 200]);
  expect(origin.connections).toBe(1);
});

test("a status that stays refused is an answer, after three attempts", async () => {
  const { origin, client } = await start();
  const response = await client.get(`${origin.url}/status/500`);
  expect(response.status).toBe(500);
  expect(origin.requestCount).toBe(3);
  expect(response.toStatusError().attempts).toHaveLength(3);
});

test.each([
  ["/reset-mid-body", "CONNECTION_RESET"],
  ["/cut-mid-body", "BODY_CUT"],
  ["/gzip-cut", "DECODING_FAILED"],
  ["/gzip-bad-crc", "DECODING_FAILED"],
])("a body that breaks off is tried again: %s", async (path, code) => {
  const { origin, client } = await start();
  const error = await client.get(origin.url + path).catch(failure => failure);
  expect(error).toMatchObject({ code, phase: "body", retryable: true });
  expect(error.attempts.map((attempt: { error: { code: string } }) => attempt.error.code)).toEqual([
    code,
    code,
    code,
  ]);
  expect(error.message).toMatch(/ \(attempt 3 of 3, after /);
  expect(origin.requestCount).toBe(3);
});

test("a POST is sent once; with an idempotency key it may be repeated", async () => {
  const { origin, client } = await start();
  expect((await client.post(`${origin.url}/status/503`, { json: { pay: 1 } })).status).toBe(503);
  expect(origin.requestCount).toBe(1);
  const headers = { "idempotency-key": "k1" };
  expect((await client.post(`${origin.url}/flaky/p/1`, { json: { pay: 1 }, headers })).status).toBe(200);
  expect(origin.requests.map(request => request.header("idempotency-key"))).toEqual([undefined, "k1", "k1"]);
});

test("Retry-After is waited for", async () => {
  const { origin, client } = await start();
  const started = performance.now();
  expect((await client.get(`${origin.url}/retry-after/k`)).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(990);
});

test("Retry-After beyond the call's end is not waited for, and the error says so", async () => {
  const { origin, client } = await start({ timeout: "5s" });
  const started = performance.now();
  const response = await client.get(`${origin.url}/retry-after/k?seconds=60`);
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(() => response.raiseForStatus()).toThrow(
    /not tried again: the server asks to wait 1 min, and the call ends in /,
  );
  expect(origin.requestCount).toBe(1);
});

test("a call can be cancelled while it waits for its next attempt", async () => {
  const { origin, client } = await start();
  const call = client.get(`${origin.url}/retry-after/k?seconds=9`);
  while (origin.requestCount === 0) await new Promise(resolve => setTimeout(resolve, 5));
  setTimeout(() => call.cancel("enough"), 20);
  const error = await call.catch(failure => failure);
  expect(error).toMatchObject({ name: "AbortError", code: "ABORTED" });
  expect(error.attempts).toHaveLength(1);
});

test("a stream is tried again before it begins, on the same connection", async () => {
  const { origin, client } = await start();
  const stream = await client.stream(`${origin.url}/flaky/s/1`);
  expect(stream.status).toBe(200);
  for await (const _chunk of stream.chunks());
  expect([origin.requestCount, origin.connections]).toEqual([2, 1]);
});

test("a refused connection is tried again, also for a POST: nothing was sent", async () => {
  const server = await scriptedServer(() => {});
  await server.close();
  const { client } = await start();
  const error = await client.post(`${server.url}/`, { json: 1 }).catch(failure => failure);
  expect(error).toMatchObject({ code: "CONNECTION_REFUSED", requestSent: "none", retryable: true });
  expect(error.attempts).toHaveLength(3);
});
