import {
  contextOf,
  expect,
  fakeClock,
  type InnerCall,
  requestOf,
  ScriptedService,
  test,
} from "@skein/testkit";
import { AbortError, ReadError } from "../../core/errors.ts";
import type { Response } from "../../core/response.ts";
import { coalesce } from "./coalesce-policy.ts";

const URL = "http://a.test/x";

function coalescing(options = {}) {
  const clock = fakeClock();
  const inner = new ScriptedService();
  const policy = coalesce(options);
  const service = policy.layer(clock)(inner);
  const send = (
    facts: { url?: string; headers?: Record<string, string>; deadline?: number; method?: string } = {},
  ) => {
    const { url = URL, deadline, ...request } = facts;
    const context = contextOf(deadline === undefined ? {} : { deadline });
    const answer = service.send(requestOf(url, request), context);
    answer.catch(() => undefined);
    return { context, answer };
  };
  return { clock, inner, policy, send };
}

/** Answers as the buffer layer would: with the content read. */
function answer(call: InnerCall, text: string, status = 200): Response {
  const response = call.answer({ status });
  response.setContent(new TextEncoder().encode(text));
  return response;
}

test("identical calls under way at once are one request; each has an answer of its own", async () => {
  const { inner, send, policy, clock } = coalescing();
  const calls = [send(), send(), send()];
  answer(await inner.call(1), "hello");
  const answers = await Promise.all(calls.map(call => call.answer));
  expect([inner.calls.length, new Set(answers).size]).toEqual([1, 3]);
  answers[1]!.bytes()[0] = 0;
  expect([answers[0]!.text(), answers[2]!.text()]).toEqual(["hello", "hello"]);
  expect(policy.stats(clock)).toEqual({ sent: 1, shared: 2 });
  const later = send();
  answer(await inner.call(2), "new");
  expect((await later.answer).text()).toBe("new");
});

test.each([
  ["URL", { url: `${URL}?page=2` }],
  ["method", { method: "HEAD" }],
  ["credentials", { headers: { authorization: "Bearer other" } }],
  ["header field", { headers: { accept: "text/plain" } }],
])("those that differ in their %s are not", async (_what, other) => {
  const { inner, send } = coalescing();
  const calls = [send({ headers: { authorization: "Bearer mine" } }), send(other)];
  answer(await inner.call(1), "one");
  answer(await inner.call(2), "two");
  const texts = await Promise.all(calls.map(async call => (await call.answer).text()));
  expect(texts).toEqual(["one", "two"]);
});

test.each(["POST", "PUT", "DELETE"])("%s is never shared", async method => {
  const { inner, send } = coalescing();
  send({ method });
  send({ method });
  await inner.call(2);
});

test("an error is everybody's, and each has one of its own", async () => {
  const { inner, send } = coalescing();
  const calls = [send(), send()];
  const reset = new ReadError("CONNECTION_RESET", "reset", { phase: "headers", requestSent: "full" });
  (await inner.call(1)).fail(reset);
  const errors = await Promise.all(calls.map(call => call.answer.catch(error => error)));
  expect(errors[0]).toBe(reset);
  expect(errors[1]).not.toBe(reset);
  expect(errors[1]).toBeInstanceOf(ReadError);
  expect(errors[1]).toMatchObject({
    code: "CONNECTION_RESET",
    reason: "reset",
    phase: "headers",
    requestSent: "full",
  });
});

test("one that is cancelled leaves the others alone, also the first; the last one ends the request", async () => {
  const { inner, send } = coalescing();
  const [first, second, third] = [send(), send(), send()];
  const { context } = await inner.call(1);
  first.context.cancel("enough");
  await expect(first.answer).rejects.toBeInstanceOf(AbortError);
  second.context.cancel("enough");
  expect(context.cancelled).toBe(false);
  third.context.cancel("enough");
  expect(context.cancelled).toBe(true);
  await expect(third.answer).rejects.toBeInstanceOf(AbortError);
  // Who comes now does not wait for what was cancelled.
  const next = send();
  answer(await inner.call(2), "anew");
  expect((await next.answer).text()).toBe("anew");
});

test("a body beyond the bound is not shared: the others ask by themselves", async () => {
  const { inner, send } = coalescing({ maxBytes: 4 });
  const calls = [send(), send()];
  answer(await inner.call(1), "hello");
  answer(await inner.call(2), "again");
  expect(await Promise.all(calls.map(async call => (await call.answer).text()))).toEqual(["hello", "again"]);
});

test("each keeps its own deadline: one that has less gives up, one that has more asks anew", async () => {
  const { clock, inner, send } = coalescing();
  const [first, hurried, patient] = [
    send({ deadline: 100 }),
    send({ deadline: 50 }),
    send({ deadline: 1_000 }),
  ];
  await clock.tick(50);
  await expect(hurried.answer).rejects.toMatchObject({ code: "TOTAL_TIMEOUT" });
  const { TotalTimeout } = await import("../../core/errors.ts");
  (await inner.call(1)).fail(new TotalTimeout("TOTAL_TIMEOUT", "late", { requestSent: "full" }));
  await expect(first.answer).rejects.toMatchObject({ reason: "late" });
  answer(await inner.call(2), "in time");
  expect((await patient.answer).text()).toBe("in time");
  expect(clock.pendingTimers).toBe(0);
});
