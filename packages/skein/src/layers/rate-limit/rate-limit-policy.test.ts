import { contextOf, expect, fakeClock, requestOf, ScriptedService, test } from "@skein/testkit";
import { AbortError, LocalRateLimited } from "../../core/errors.ts";
import { type RateLimitOptions, type RateLimitStats, rateLimit } from "./rate-limit-policy.ts";

function limited(rate: Parameters<typeof rateLimit>[0], options?: RateLimitOptions) {
  const clock = fakeClock();
  const inner = new ScriptedService();
  const policy = rateLimit(rate, options);
  const service = policy.layer(clock)(inner);
  const send = (url = "http://a.test/", deadline = Number.POSITIVE_INFINITY) => {
    const context = contextOf({ deadline });
    const answer = service.send(requestOf(url), context);
    answer.catch(() => undefined);
    return { context, answer };
  };
  return { clock, inner, send, stats: () => policy.stats(clock) as RateLimitStats };
}

test("requests go out at the rate, in their order, and nobody waits where there is no need", async () => {
  const { clock, inner, send, stats } = limited("10/s");
  const urls = [1, 2, 3, 4].map(i => `http://a.test/${i}`);
  for (const url of urls) send(url);
  await clock.tick(0);
  expect([inner.calls.length, stats()]).toEqual([1, { waiting: 3, delayed: 3, refused: 0 }]);
  await clock.tick(99);
  expect(inner.calls).toHaveLength(1);
  await clock.tick(210);
  expect(inner.calls.map(({ request }) => request.url.target)).toEqual(["/1", "/2", "/3", "/4"]);
  expect(clock.pendingTimers).toBe(0);
  await clock.tick(1_000);
  send();
  await clock.tick(0);
  expect([inner.calls.length, stats().waiting]).toEqual([5, 0]);
});

test("a burst goes out at once, and then the rate holds", async () => {
  const { clock, inner, send } = limited({ count: 10, per: "1s", burst: 5 });
  for (let i = 0; i < 8; i++) send();
  await clock.tick(0);
  expect(inner.calls).toHaveLength(5);
  await clock.tick(301);
  expect(inner.calls).toHaveLength(8);
});

test("each origin has a rate of its own where it is per origin", async () => {
  const { clock, inner, send } = limited("1/s", { per: "origin" });
  send("http://a.test/");
  send("http://a.test/");
  send("http://b.test/");
  await clock.tick(0);
  expect(inner.calls.map(({ request }) => request.url.origin.hostname)).toEqual(["a.test", "b.test"]);
});

test("one whose turn would come too late fails at once, and says how long it would be", async () => {
  const { clock, send, stats } = limited("1/s");
  send();
  send();
  const late = send("http://a.test/", 1_500);
  await expect(late.answer).rejects.toBeInstanceOf(LocalRateLimited);
  await expect(late.answer).rejects.toMatchObject({
    code: "LOCAL_RATE_LIMITED",
    reason: "held back by the rate limit of the client: it would wait 2 s, longer than it has time",
    requestSent: "none",
    retryAfterMs: 2_001,
  });
  expect(stats().refused).toBe(1);
  await clock.tick(1_001);
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  [{ maxWait: "500ms" }, "it would wait 1 s, and may wait 500 ms"],
  [{ maxWaiting: 0 }, "0 calls wait already"],
] as const)("bounds: %j", async (options, because) => {
  const { send } = limited("1/s", options);
  send();
  await expect(send().answer).rejects.toMatchObject({ reason: expect.stringContaining(because) });
});

test("one that is cancelled gives its turn to the next; no timer is left when nobody waits", async () => {
  const { clock, inner, send } = limited("10/s");
  send("http://a.test/1");
  const second = send("http://a.test/2");
  const third = send("http://a.test/3");
  await clock.tick(0);
  second.context.cancel("enough");
  await expect(second.answer).rejects.toBeInstanceOf(AbortError);
  await clock.tick(101);
  expect(inner.calls.map(({ request }) => request.url.target)).toEqual(["/1", "/3"]);
  expect([third.context.onCancel, third.context.stage]).toEqual([undefined, undefined]);
  const last = send("http://a.test/4");
  await clock.tick(0);
  last.context.cancel("enough");
  expect(clock.pendingTimers).toBe(0);
});

test("memory follows the origins that are in use", async () => {
  const { clock, send } = limited("100/s", { per: "origin" });
  for (let origin = 0; origin < 5_000; origin++) {
    send(`http://h${origin}.test/`);
    if (origin % 100 === 0) await clock.tick(100);
  }
  await clock.tick(1_000);
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  ["often", {}, "rateLimit: expected a rate such as"],
  ["1/s", { per: "host" }, 'rateLimit.per: expected "client" or "origin"; got host'],
  ["1/s", { maxWait: "soon" }, "rateLimit.maxWait"],
  ["1/s", { maxWaiting: -1 }, "rateLimit.maxWaiting"],
])("nonsense is refused, naming the option: %s %j", (rate, options, message) => {
  expect(() => rateLimit(rate, options as never)).toThrow(message);
});
