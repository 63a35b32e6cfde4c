import { bodyOf, contextOf, expect, fakeClock, requestOf, ScriptedService, test } from "@skein/testkit";
import { AbortError, Overloaded, ReadError } from "../../core/errors.ts";
import {
  type AdaptiveLimitOptions,
  type AdaptiveLimitStats,
  adaptiveLimit,
} from "./adaptive-limit-policy.ts";

const A = "http://a.test:80";

function limited(options: AdaptiveLimitOptions = {}) {
  const clock = fakeClock();
  const inner = new ScriptedService();
  const policy = adaptiveLimit(options);
  const service = policy.layer(clock)(inner);
  const send = (facts: { url?: string; deadline?: number; priority?: number } = {}) => {
    const { url = "http://a.test/", ...context } = facts;
    const call = {
      context: contextOf(context),
      answer: undefined as unknown as ReturnType<typeof service.send>,
    };
    call.answer = service.send(requestOf(url), call.context);
    call.answer.catch(() => undefined);
    return call;
  };
  const stats = () => policy.stats(clock) as AdaptiveLimitStats;
  return { clock, inner, send, stats, limit: () => Object.values(stats().limits)[0]! };
}

/** Answers all that are out, again and again, until `rounds` are over; each answer takes `ms`. */
async function serve(
  { clock, inner }: Pick<ReturnType<typeof limited>, "clock" | "inner">,
  { rounds, ms, status = 200 }: { rounds: number; ms: number; status?: number },
) {
  let answered = 0;
  for (let round = 0; round < rounds; round++) {
    await clock.tick(ms);
    const out = inner.calls.length;
    while (answered < out) void inner.calls[answered++]!.answer({ status }).body.read();
    await clock.tick(0);
  }
}

test("it begins with 2 at once, lets more through while answers come as fast, and knows each origin by itself", async () => {
  const it = limited();
  for (let i = 0; i < 400; i++) it.send();
  it.send({ url: "http://b.test/" });
  await it.clock.tick(0);
  expect(it.inner.calls).toHaveLength(3);
  expect(it.limit()).toEqual({ limit: 2, inFlight: 2, waiting: 398 });
  await serve(it, { rounds: 20, ms: 100 });
  expect(it.limit().limit).toBeGreaterThan(16);
  expect(Object.keys(it.stats().limits)).toEqual(
    ["http://a.test", "http://b.test"].map(url => expect.stringContaining(url)),
  );
});

test.each([429, 503])("an origin that answers %s gets less at once", async status => {
  const it = limited();
  for (let i = 0; i < 2_000; i++) it.send();
  await serve(it, { rounds: 20, ms: 100 });
  const before = it.limit().limit;
  const again = limited();
  for (let i = 0; i < 2_000; i++) again.send();
  await serve(again, { rounds: 20, ms: 100, status });
  expect(again.limit().limit).toBeLessThan(before / 4);
});

test("connections that break are as bad as refusals; what was cancelled says nothing", async () => {
  const it = limited({ max: 4 });
  for (let i = 0; i < 100; i++) it.send();
  for (let i = 1; i <= 20; i++)
    (await it.inner.call(i)).fail(new ReadError("CONNECTION_RESET", "reset", { requestSent: "full" }));
  await it.clock.tick(0);
  expect(it.limit().limit).toBe(1);
  const other = limited({ max: 4 });
  for (let i = 0; i < 100; i++) other.send();
  for (let i = 1; i <= 40; i++) (await other.inner.call(i)).fail(new AbortError("enough"));
  await other.clock.tick(0);
  expect(other.limit()).toMatchObject({ limit: 2, inFlight: 2 });
});

test("a stream has its place until it has ended, or is closed", async () => {
  const { inner, send, clock, limit } = limited();
  const [first, second] = [send(), send()];
  send();
  send();
  const endless = bodyOf(["a", "b"]);
  (await inner.call(1)).answer({ status: 200, body: endless });
  (await inner.call(2)).answer({ status: 200, body: bodyOf(["x"]) });
  await first.answer;
  await clock.tick(50);
  expect([inner.calls.length, limit().waiting]).toEqual([2, 2]);
  const { body } = await second.answer;
  while ((await body.read()) !== undefined);
  await clock.tick(0);
  expect(inner.calls).toHaveLength(3);
  endless.cancel("enough");
  await clock.tick(0);
  expect([inner.calls.length, limit().inFlight, limit().waiting]).toEqual([4, 2, 0]);
});

test("who waits is taken by priority, then in order", async () => {
  const { inner, send, clock } = limited({ max: 1 });
  send({ url: "http://a.test/first" });
  for (const [i, priority] of [0, -1, 5, 0, 5].entries()) send({ url: `http://a.test/${i}`, priority });
  for (let i = 1; i <= 6; i++) void (await inner.call(i)).answer({ status: 200 }).body.read();
  await clock.tick(0);
  expect(inner.calls.map(({ request }) => request.url.target)).toEqual([
    "/first",
    "/2",
    "/4",
    "/0",
    "/3",
    "/1",
  ]);
});

test("bounds: how many may wait, how long, and each call's own time; no timer is left", async () => {
  const { clock, send, stats, inner } = limited({ max: 1, maxWait: "1s", maxWaiting: 3 });
  send();
  const [patient, hurried, cancelled] = [send(), send({ deadline: 300 }), send()];
  const tooMany = send();
  await expect(tooMany.answer).rejects.toBeInstanceOf(Overloaded);
  await expect(tooMany.answer).rejects.toMatchObject({
    code: "OVERLOADED",
    reason: `held back by the limit of ${A.replace(":80", "")}, 1 request at once for now: 3 calls wait already`,
    phase: "queue",
    requestSent: "none",
  });
  expect(patient.context.stage).toBe("waiting");
  cancelled.context.cancel("enough");
  await expect(cancelled.answer).rejects.toBeInstanceOf(AbortError);
  await clock.tick(300);
  await expect(hurried.answer).rejects.toMatchObject({ code: "TOTAL_TIMEOUT", phase: "queue" });
  await clock.tick(700);
  await expect(patient.answer).rejects.toMatchObject({
    code: "OVERLOADED",
    reason: expect.stringContaining("it waited 1 s"),
  });
  expect([clock.pendingTimers, inner.calls.length]).toEqual([0, 1]);
  expect(stats()).toMatchObject({ delayed: 3, refused: 2 });
  expect([patient.context.stage, patient.context.onCancel]).toEqual([undefined, undefined]);
});

test("maxWait: 0 refuses at once", async () => {
  const { send } = limited({ max: 1, maxWait: 0 });
  send();
  await expect(send().answer).rejects.toMatchObject({
    reason: expect.stringContaining("calls may not wait"),
  });
});

test("per: client is one limit for all", async () => {
  const { send, inner, stats, clock } = limited({ per: "client" });
  for (const host of ["a", "b", "c"]) send({ url: `http://${host}.test/` });
  await clock.tick(0);
  expect([inner.calls.length, stats().limits]).toEqual([2, { "": { limit: 2, inFlight: 2, waiting: 1 } }]);
});

test("memory follows the origins that are in use, and those under way are not forgotten", async () => {
  const { clock, inner, send, stats } = limited();
  for (let i = 0; i < 3; i++) send({ url: "http://busy.test/" });
  for (let i = 0; i < 3_000; i++) {
    send({ url: `http://h${i}.test/` });
    void (await inner.call(i + 3)).answer({ status: 200 }).body.read();
    if (i % 100 === 0) await clock.tick(1);
  }
  await clock.tick(0);
  const { limits } = stats();
  expect(Object.keys(limits).length).toBeLessThanOrEqual(1_000);
  expect(Object.entries(limits).find(([origin]) => origin.includes("busy"))?.[1]).toMatchObject({
    inFlight: 2,
    waiting: 1,
  });
});

test.each([
  [{ per: "host" }, 'adaptiveLimit.per: expected "origin" or "client"; got host'],
  [{ max: 0 }, "adaptiveLimit.max"],
  [{ maxWait: "soon" }, "adaptiveLimit.maxWait"],
  [{ maxWaiting: -1 }, "adaptiveLimit.maxWaiting"],
  [{ limit: 3 }, "adaptiveLimit"],
])("nonsense is refused, naming the option: %j", (options, message) => {
  expect(() => adaptiveLimit(options as never)).toThrow(message);
});
