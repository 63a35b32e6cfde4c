import { expect, originServer, test } from "@skein/testkit";
import { adaptiveLimit, Client, isOverloaded, type LoadShedStats, loadShed } from "../../src/entry/node.ts";

test("when calls wait too long for a connection those of lower priority fail at once, the others go on", async () => {
  await using origin = await originServer();
  await using client = new Client({
    baseUrl: origin.url,
    limits: { maxConnections: 1 },
    policies: [loadShed({ maxWait: "50ms" })],
  });
  const slow = client.get("/delay/300");
  const waiting = client.get("/ok", { priority: -1 });
  await new Promise(resolve => setTimeout(resolve, 100));
  const startedAt = performance.now();
  const refused = await client.get("/ok", { priority: -1 }).catch(error => error);
  expect(isOverloaded(refused)).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(100);
  expect(refused).toMatchObject({ retryable: true, requestSent: "none" });
  const important = client.get("/ok");
  const ended = await Promise.all([slow, waiting, important]);
  expect(ended.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((client.stats().policies.loadShed as LoadShedStats).refused).toEqual({ waiting: 1, throttled: 0 });
  expect((await client.get("/ok", { priority: -1 })).status).toBe(200);
});

test("an origin that refuses everything is asked ever less", async () => {
  await using origin = await originServer();
  await using client = new Client({ retry: false, policies: [loadShed(), adaptiveLimit()] });
  const outcomes: unknown[] = [];
  for (let call = 0; call < 300; call++)
    outcomes.push(await client.get(`${origin.url}/status/429`).catch(error => error));
  expect(outcomes.filter(isOverloaded).length).toBeGreaterThan(200);
  expect(origin.requestCount).toBeLessThan(100);
});

test.each([11, -11, 0.5, "high"])("a priority of %s is refused", async priority => {
  await using client = new Client();
  await expect(client.get("http://127.0.0.1:1/", { priority: priority as never })).rejects.toThrow(
    `priority: expected a whole number, -10 to 10; got ${priority}`,
  );
});
