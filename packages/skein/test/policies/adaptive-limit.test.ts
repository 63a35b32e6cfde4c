import { expect, originServer, test } from "@skein/testkit";
import { type AdaptiveLimitStats, adaptiveLimit, Client, isOverloaded } from "../../src/entry/node.ts";

/** A server that works on `slots` requests at once, each for `ms`; the others stand in its queue. */
async function queueingServer(slots: number, ms: number) {
  let busy = 0;
  let most = 0;
  const line: (() => void)[] = [];
  const server = await originServer({
    routes: {
      work: ({ response }) => {
        const start = () => {
          busy += 1;
          setTimeout(() => {
            response.end("ok");
            busy -= 1;
            line.shift()?.();
          }, ms);
        };
        if (busy < slots) start();
        else line.push(start);
        most = Math.max(most, busy + line.length);
      },
    },
    remember: 0,
  });
  return { server, most: () => most };
}

test("a server that works on 8 at once gets what keeps it busy, and no queue of hundreds", async () => {
  const { server, most } = await queueingServer(8, 20);
  await using client = new Client({ policies: [adaptiveLimit()] });
  const startedAt = performance.now();
  const calls = Array.from({ length: 800 }, () => client.get(`${server.url}/work`));
  expect(calls.at(-1)!.state).toBe("waiting");
  const responses = await Promise.all(calls);
  expect(responses.every(({ ok }) => ok)).toBe(true);
  expect(most()).toBeLessThan(60);
  // 100 rounds of 20 ms if it is never idle.
  expect(performance.now() - startedAt).toBeLessThan(6_000);
  const { delayed, limits } = client.stats().policies.adaptiveLimit as AdaptiveLimitStats;
  expect(delayed).toBeGreaterThan(700);
  expect(Object.values(limits)).toEqual([expect.objectContaining({ inFlight: 0, waiting: 0 })]);
  await server.close();
});

test("a stream that is closed, and a call that is cancelled, give their places back; who can't wait is told", async () => {
  await using origin = await originServer();
  await using client = new Client({ policies: [adaptiveLimit({ max: 1, maxWait: "100ms" })] });
  const stream = await client.stream(`${origin.url}/bytes/5000000`);
  const error = await client.get(`${origin.url}/ok`, { retry: 3 }).catch(failure => failure);
  expect(isOverloaded(error)).toBe(true);
  expect(error).toMatchObject({ retryable: true, phase: "queue", requestSent: "none" });
  expect(error.message).toMatch(
    /^GET http:\/\/.*\/ok: held back by the limit of http:.*, 1 request at once for now: it waited 100 ms$/,
  );
  const waiting = client.get(`${origin.url}/ok`);
  await stream[Symbol.asyncDispose]();
  expect((await waiting).status).toBe(200);
  const hanging = client.get(`${origin.url}/hang`);
  const next = client.get(`${origin.url}/ok`);
  hanging.cancel();
  await expect(hanging).rejects.toMatchObject({ code: "ABORTED" });
  expect((await next).status).toBe(200);
});
