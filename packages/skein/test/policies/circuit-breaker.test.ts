import { expect, scriptedServer, test } from "@skein/testkit";
import { type CircuitBreakerStats, CircuitOpen, Client, circuitBreaker } from "../../src/entry/node.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const ERROR = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";

/** A server that answers with what `answer` says at that moment. */
async function moodyServer() {
  const mood = { answer: OK, requests: 0 };
  const server = await scriptedServer(async connection => {
    for (;;) {
      await connection.readHead();
      mood.requests += 1;
      connection.write(mood.answer);
    }
  });
  return { mood, server };
}

test("an origin that fails is left alone, calls fail at once and say until when; another origin is not concerned", async () => {
  const { mood, server } = await moodyServer();
  const other = await moodyServer();
  const client = new Client({ retry: false, policies: [circuitBreaker()] });
  mood.answer = ERROR;
  for (let call = 0; call < 20; call++) expect((await client.get(server.url)).status).toBe(500);
  const refused = client.get(`${server.url}/x`);
  await expect(refused).rejects.toBeInstanceOf(CircuitOpen);
  const error = await refused.catch(failure => failure);
  expect(error).toMatchObject({ code: "CIRCUIT_OPEN", phase: "queue", requestSent: "none", retryable: true });
  expect(error.message).toMatch(
    /^GET http:\/\/127\.0\.0\.1:\d+\/x: nothing is sent to http:.* for .*s: too many/,
  );
  expect(error.retryAfterMs).toBeGreaterThan(3_500);
  expect(error.retryAfterMs).toBeLessThanOrEqual(6_000);
  expect(mood.requests).toBe(20);
  expect((await client.get(other.server.url)).status).toBe(200);
  const stats = client.stats().policies.circuitBreaker as CircuitBreakerStats;
  expect([stats.refused, Object.values(stats.origins).map(({ state }) => state)]).toEqual([1, ["open"]]);
  await client.close();
});

test("when the time is over one call is let through; it goes well, and soon all do again", async () => {
  const { mood, server } = await moodyServer();
  const client = new Client({ retry: false, policies: [circuitBreaker({ openFor: 50, minOutcomes: 4 })] });
  mood.answer = ERROR;
  for (let call = 0; call < 4; call++) await client.get(server.url);
  await expect(client.get(server.url)).rejects.toBeInstanceOf(CircuitOpen);
  mood.answer = OK;
  await new Promise(resolve => setTimeout(resolve, 80));
  const [probe, other] = await Promise.allSettled([client.get(server.url), client.get(server.url)]);
  expect([probe!.status, other!.status]).toEqual(["fulfilled", "rejected"]);
  for (let call = 0; call < 5; call++) expect((await client.get(server.url)).status).toBe(200);
  expect(client.stats().policies).toEqual({ circuitBreaker: { refused: expect.any(Number), origins: {} } });
  await client.close();
});
