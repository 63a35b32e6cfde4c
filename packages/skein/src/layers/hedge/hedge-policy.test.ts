import {
  bodyOf,
  contextOf,
  describe,
  expect,
  fakeClock,
  requestOf,
  ScriptedService,
  test,
} from "@skein/testkit";
import { AbortError, Overloaded, ReadError } from "../../core/errors.ts";
import { adaptiveLimit } from "../adaptive-limit/adaptive-limit-policy.ts";
import { rateLimit } from "../rate-limit/rate-limit-policy.ts";
import { type HedgeStats, hedge } from "./hedge-policy.ts";

/** A policy that has learned that answers take 10 ms, so that it hedges after 20; the next call is number 101. */
async function hedging() {
  const clock = fakeClock();
  const inner = new ScriptedService();
  const policy = hedge();
  const service = policy.layer(clock)(inner);
  for (let i = 1; i <= 100; i++) {
    const answer = service.send(requestOf("http://a.test/"), contextOf());
    await clock.tick(10);
    (await inner.call(i)).answer({ status: 200 });
    await answer;
  }
  const send = (method = "GET") => {
    const context = contextOf();
    const answer = service.send(requestOf("http://a.test/", { method }), context);
    answer.catch(() => undefined);
    return { context, answer };
  };
  return { clock, inner, send, stats: () => policy.stats(clock) as HedgeStats };
}

test("a request that is slow gets a second one; the first answer wins, and the other is cancelled", async () => {
  const { clock, inner, send, stats } = await hedging();
  const { answer, context } = send();
  const first = await inner.call(101);
  await clock.tick(19);
  expect(inner.calls).toHaveLength(101);
  await clock.tick(1);
  const second = await inner.call(102);
  const answered = second.answer({ status: 200 });
  expect(await answer).toBe(answered);
  expect([first.context.cancelled, second.context.cancelled]).toEqual([true, false]);
  await answered.body.read();
  expect([clock.pendingTimers, context.onCancel]).toEqual([0, undefined]);
  expect(stats()).toEqual({ sent: 1, won: 1 });
});

test("one that is answered in time has none, and no timer is left", async () => {
  const { clock, inner, send } = await hedging();
  const { answer } = send();
  (await inner.call(101)).answer({ status: 200 });
  await answer;
  await clock.tick(1_000);
  expect([inner.calls.length, clock.pendingTimers]).toEqual([101, 0]);
});

test("what answers after the other has won is let go of", async () => {
  const { clock, inner, send } = await hedging();
  const { answer } = send();
  const first = await inner.call(101);
  await clock.tick(20);
  (await inner.call(102)).answer({ status: 200 });
  await answer;
  const body = bodyOf(["late"]);
  first.answer({ status: 200, body });
  await clock.tick();
  let ended: unknown = "open";
  body.whenSettled(outcome => {
    ended = outcome;
  });
  expect(ended).toBeInstanceOf(Error);
});

describe("an answer that says that something is wrong, or an error,", () => {
  test("waits for the other one, which may be better", async () => {
    const { clock, inner, send } = await hedging();
    const { answer } = send();
    const first = await inner.call(101);
    await clock.tick(20);
    const second = await inner.call(102);
    second.answer({ status: 503 });
    await clock.tick(5);
    const good = first.answer({ status: 200 });
    expect(await answer).toBe(good);
  });

  test("is the call's where the other is no better", async () => {
    const { clock, inner, send } = await hedging();
    const { answer } = send();
    const first = await inner.call(101);
    await clock.tick(20);
    const second = await inner.call(102);
    const refused = first.answer({ status: 503 });
    await clock.tick();
    second.fail(new ReadError("CONNECTION_RESET", "reset", { requestSent: "full" }));
    expect(await answer).toBe(refused);
  });

  test("before the second one was sent, is the call's at once: to try again is another's matter", async () => {
    const { clock, inner, send } = await hedging();
    const { answer } = send();
    const reset = new ReadError("CONNECTION_RESET", "reset", { requestSent: "full" });
    (await inner.call(101)).fail(reset);
    await expect(answer).rejects.toBe(reset);
    await clock.tick(100);
    expect([inner.calls.length, clock.pendingTimers]).toEqual([101, 0]);
  });
});

test("who cancels the call cancels both", async () => {
  const { clock, inner, send } = await hedging();
  const { answer, context } = send();
  const first = await inner.call(101);
  await clock.tick(20);
  const second = await inner.call(102);
  context.cancel("enough");
  expect([first.context.cancelled, second.context.cancelled]).toEqual([true, true]);
  first.fail(new AbortError("enough"));
  second.fail(new AbortError("enough"));
  await expect(answer).rejects.toBeInstanceOf(AbortError);
});

test("cancelling a call whose body still comes reaches the request that won", async () => {
  const { clock, inner, send } = await hedging();
  const { answer, context } = send();
  await inner.call(101);
  await clock.tick(20);
  const second = await inner.call(102);
  second.answer({ status: 200, body: bodyOf(["a", "b"]) });
  await answer;
  context.cancel("enough");
  expect(second.context.cancelled).toBe(true);
});

test.each(["POST", "PUT", "DELETE"])("%s is never sent twice", async method => {
  const { clock, inner, send } = await hedging();
  send(method);
  await clock.tick(10_000);
  expect(inner.calls).toHaveLength(101);
});

describe("a second request is not sent where it would have to wait,", () => {
  test.each([
    ["the limit is full", () => adaptiveLimit({ max: 1 })],
    ["the rate is used up", () => rateLimit("1/min")],
  ] as const)("because %s; the first one is waited for, and nothing was paid", async (_why, makeLimit) => {
    const clock = fakeClock();
    const inner = new ScriptedService();
    const policy = hedge();
    let isLimited = false;
    const limit = makeLimit().layer(clock)(inner);
    const service = policy.layer(clock)({
      send: (request, context) => (isLimited ? limit : inner).send(request, context),
      close: async () => {},
    });
    for (let i = 1; i <= 100; i++) {
      const answer = service.send(requestOf("http://a.test/"), contextOf());
      await clock.tick(10);
      (await inner.call(i)).answer({ status: 200 });
      await answer;
    }
    isLimited = true;
    const answer = service.send(requestOf("http://a.test/"), contextOf());
    await clock.tick(500);
    expect([inner.calls.length, policy.stats(clock)]).toEqual([101, { sent: 0, won: 0 }]);
    const good = inner.calls[100]!.answer({ status: 200 });
    expect(await answer).toBe(good);
    isLimited = false;
    service.send(requestOf("http://a.test/"), contextOf());
    await clock.tick(600);
    expect([inner.calls.length, policy.stats(clock)]).toEqual([103, { sent: 1, won: 0 }]);
  });

  test("and a first one that fails at that moment is the call's end", async () => {
    const { clock, inner, send, stats } = await hedging();
    const { answer } = send();
    const first = await inner.call(101);
    await clock.tick(20);
    const second = await inner.call(102);
    expect(second.context.isSpare).toBe(true);
    const reset = new ReadError("CONNECTION_RESET", "reset", { requestSent: "full" });
    first.fail(reset);
    await clock.tick(0);
    second.fail(new Overloaded("OVERLOADED", "no room"));
    await expect(answer).rejects.toBe(reset);
    expect(stats()).toEqual({ sent: 0, won: 0 });
  });
});
