import { contextOf, expect, fakeClock, requestOf, ScriptedService, test } from "@skein/testkit";
import { Overloaded } from "../../core/errors.ts";
import { ExchangeRecord } from "../../core/timings.ts";
import { adaptiveLimit } from "../adaptive-limit/adaptive-limit-policy.ts";
import { rateLimit } from "../rate-limit/rate-limit-policy.ts";
import { type LoadShedOptions, type LoadShedStats, loadShed } from "./load-shed-policy.ts";

function shedding(options: LoadShedOptions = {}, within = adaptiveLimit({ max: 1 })) {
  const clock = fakeClock();
  const inner = new ScriptedService();
  const policy = loadShed(options);
  const service = policy.layer(clock)(within.layer(clock)(inner));
  const send = (facts: { url?: string; priority?: number } = {}) => {
    const { url = "http://a.test/", ...rest } = facts;
    const context = contextOf(rest);
    const answer = service.send(requestOf(url), context);
    answer.catch(() => undefined);
    return { context, answer };
  };
  /** Sends one, which the origin answers with this status, where it gets there. */
  const exchange = async (status: number, priority = 0) => {
    const before = inner.calls.length;
    const { answer } = send({ priority });
    await clock.tick(0);
    if (inner.calls.length > before) void inner.calls.at(-1)!.answer({ status }).body.read();
    return answer.then(
      response => response.status,
      error => error,
    );
  };
  return { clock, inner, service, send, exchange, stats: () => policy.stats(clock) as LoadShedStats };
}

test.each([
  ["an adaptive limit", adaptiveLimit({ max: 1 })],
  ["a rate", rateLimit("1/min")],
])(
  "once a call has waited too long for %s, the next is refused at once, until it has gone",
  async (_what, within) => {
    const { clock, inner, send, stats } = shedding({ maxWait: 200 }, within);
    send();
    send();
    await clock.tick(200);
    send();
    await clock.tick(1);
    const refused = send();
    await expect(refused.answer).rejects.toBeInstanceOf(Overloaded);
    await expect(refused.answer).rejects.toMatchObject({
      code: "OVERLOADED",
      reason:
        "nothing more is sent to http://a.test for now: a call before it has waited 201 ms for its turn, and waits still",
      phase: "queue",
      requestSent: "none",
    });
    expect(stats()).toEqual({
      refused: { waiting: 1, throttled: 0 },
      origins: { "http://a.test": { waited: 201, share: 0 } },
    });
    void inner.calls[0]!.answer({ status: 200 }).body.read();
    await clock.tick(60_000);
    void inner.calls[1]!.answer({ status: 200 }).body.read();
    await clock.tick(60_000);
    expect(stats().origins).toEqual({});
    send();
  },
);

test("a burst that is soon gone is no overload, however many wait", async () => {
  const { clock, inner, send, stats } = shedding({ maxWait: 200 }, adaptiveLimit({ max: 10 }));
  for (let i = 0; i < 500; i++) send();
  for (let i = 1; i <= 500; i++) {
    void (await inner.call(i)).answer({ status: 200 }).body.read();
    if (i % 10 === 0) await clock.tick(1);
  }
  expect([inner.calls.length, stats().refused.waiting]).toEqual([500, 0]);
});

test("lower priorities are refused first: those above still get through, and wait only for their like", async () => {
  const { clock, inner, send } = shedding({ maxWait: 200 });
  send();
  send({ priority: -1 });
  await clock.tick(300);
  await expect(send({ priority: -1 }).answer).rejects.toBeInstanceOf(Overloaded);
  await expect(send({ priority: -5 }).answer).rejects.toBeInstanceOf(Overloaded);
  const important = send({ priority: 1 });
  await clock.tick(100);
  void inner.calls[0]!.answer({ status: 200 }).body.read();
  await clock.tick(0);
  void inner.calls[1]!.answer({ status: 200 }).body.read();
  expect((await important.answer).status).toBe(200);
});

test("another origin is not concerned", async () => {
  const { clock, send } = shedding({ maxWait: 200 });
  for (const url of ["http://a.test/", "http://a.test/"]) send({ url });
  await clock.tick(300);
  const other = send({ url: "http://b.test/" });
  const refused = send();
  await expect(refused.answer).rejects.toBeInstanceOf(Overloaded);
  expect(other.context.stage).toBeUndefined();
});

test("a call waits, too, while the pool has no connection for it", async () => {
  const clock = fakeClock();
  const policy = loadShed({ maxWait: 200 });
  const service = policy.layer(clock)({
    send: (_request, context) => {
      context.record = new ExchangeRecord(clock.now() + 1);
      return new Promise(() => {});
    },
    close: async () => {},
  });
  const context = contextOf();
  void service.send(requestOf("http://a.test/"), context);
  await clock.tick(300);
  await expect(service.send(requestOf("http://a.test/"), contextOf())).rejects.toBeInstanceOf(Overloaded);
  context.record!.dispatchedAt = clock.now();
  void service.send(requestOf("http://a.test/"), contextOf());
  await clock.tick(0);
  expect(policy.stats(clock)).toMatchObject({ refused: { waiting: 1 } });
});

test("an origin that refuses nearly all gets little more than it accepts; low priorities are refused first", async () => {
  const { exchange, clock, stats, inner } = shedding();
  for (let i = 0; i < 20; i++) expect(await exchange(503)).toBe(503);
  const outcomes: unknown[] = [];
  for (let i = 0; i < 200; i++) {
    await clock.tick(10);
    outcomes.push(await exchange(503, i % 2 === 0 ? -1 : 0));
  }
  const refused = outcomes.filter(outcome => outcome instanceof Overloaded);
  expect(refused.length).toBeGreaterThan(180);
  expect(inner.calls.length).toBeLessThan(40);
  expect(stats()).toMatchObject({ refused: { waiting: 0, throttled: refused.length } });
  expect(refused[0]).toMatchObject({
    reason: expect.stringContaining("the origin has refused most calls of late"),
  });
  // It is well again, and so is soon everything.
  await clock.tick(30_000);
  for (let i = 0; i < 100; i++) expect(await exchange(200)).toBe(200);
});

test("answers that are no refusal are accepted: 500, 404", async () => {
  const { exchange, stats } = shedding();
  for (let i = 0; i < 100; i++) await exchange(i % 2 === 0 ? 500 : 404);
  expect(stats().origins).toEqual({});
});

test("memory follows the origins that are in use, and the calls under way", async () => {
  const { clock, exchange, send, inner } = shedding({}, adaptiveLimit());
  for (let i = 0; i < 5_000; i++) {
    const { answer } = send({ url: `http://h${i}.test/` });
    void (await inner.call(i + 1)).answer({ status: 200 }).body.read();
    await answer;
    if (i % 100 === 0) await clock.tick(5_000);
  }
  await exchange(200);
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  [{ maxWait: "soon" }, "loadShed.maxWait"],
  [{ multiplier: 1 }, "loadShed.multiplier: expected more than 1; got 1"],
  [{ window: 0 }, "loadShed.window: expected more than no time"],
  [{ target: 3 }, "loadShed"],
])("nonsense is refused, naming the option: %j", (options, message) => {
  expect(() => loadShed(options as never)).toThrow(message);
});
