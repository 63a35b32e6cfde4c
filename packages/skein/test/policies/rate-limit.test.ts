import { expect, originServer, test } from "@skein/testkit";
import { Client, type RateLimitStats, rateLimit } from "../../src/entry/node.ts";

test("requests go out at the rate over real connections, attempts as well; who can't wait fails at once", async () => {
  await using origin = await originServer();
  await using client = new Client({ policies: [rateLimit("50/s", { maxWaiting: 30 })] });
  const startedAt = performance.now();
  const calls = Array.from({ length: 30 }, (_, i) =>
    client.get(`${origin.url}/${i === 3 ? "flaky/x/1" : `ok?${i}`}`),
  );
  const { waiting } = client.stats().policies.rateLimit as RateLimitStats;
  expect(waiting).toBe(29);
  expect(calls[29]!.state).toBe("waiting");
  const refused = client.get(`${origin.url}/ok`, { timeout: "300ms" });
  await expect(refused).rejects.toMatchObject({ code: "LOCAL_RATE_LIMITED", retryable: true });
  const responses = await Promise.all(calls);
  expect(responses.every(response => response.ok)).toBe(true);
  // 31 requests, one of them sent twice: 30 intervals of 20 ms.
  expect(performance.now() - startedAt).toBeGreaterThan(590);
  expect(origin.requestCount).toBe(31);
});
