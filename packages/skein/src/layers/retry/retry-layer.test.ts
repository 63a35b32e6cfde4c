import {
  bodyOf,
  type ContextFacts,
  contextOf,
  describe,
  expect,
  fakeClock,
  type RequestFacts,
  requestOf,
  ScriptedService,
  TestBody,
  test,
} from "@skein/testkit";
import { BytesBody, StreamBody } from "../../core/body.ts";
import { AbortError, CertificateError, ConnectError, ReadError, type SkeinError } from "../../core/errors.ts";
import type { Response } from "../../core/response.ts";
import { RetryBudget } from "../../policy/retry-budget.ts";
import { retryLayer } from "./retry-layer.ts";

const reset = () =>
  new ReadError("CONNECTION_RESET", "reset by peer", { phase: "headers", requestSent: "full" });

/** A call through a retry layer; jitter is always half of its bound. */
function callThroughRetry(
  facts: { context?: ContextFacts; request?: RequestFacts; budget?: RetryBudget } = {},
) {
  const clock = fakeClock({ random: () => 0.5 });
  const inner = new ScriptedService();
  const context = contextOf(facts.context);
  const request = requestOf("http://a.test/x", facts.request);
  const service = retryLayer(clock, facts.budget ?? new RetryBudget())(inner);
  const outcome: Promise<{ response?: Response; error?: SkeinError }> = service.send(request, context).then(
    response => ({ response }),
    (error: SkeinError) => ({ error }),
  );
  return { clock, inner, context, request, service, outcome };
}

test("an answer that is not refused is handed on, and no timer is set", async () => {
  const { clock, inner, outcome } = callThroughRetry();
  const answered = (await inner.call(1)).answer({ status: 404 });
  const { response } = await outcome;
  expect(response).toBe(answered);
  expect(response?.attempts).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

test("an error is tried again after its backoff, with the same request", async () => {
  const { clock, inner, outcome, request, context } = callThroughRetry();
  (await inner.call(1)).fail(reset());
  await clock.tick(99);
  expect(inner.calls).toHaveLength(1);
  await clock.tick(1);
  const second = await inner.call(2);
  expect([second.request, second.attempt, inner.calls[0]?.attempt]).toEqual([request, 2, 1]);
  second.answer({ status: 200 });
  const { response } = await outcome;
  expect(response?.status).toBe(200);
  expect(response?.attempts.map(({ status, error }) => status ?? error?.code)).toEqual([
    "CONNECTION_RESET",
    200,
  ]);
  expect([clock.pendingTimers, context.onCancel]).toEqual([0, undefined]);
});

test("attempts are listed on the error, with their times", async () => {
  const { clock, inner, outcome } = callThroughRetry();
  (await inner.call(1)).fail(reset());
  await clock.tick(100);
  await clock.tick(30);
  (await inner.call(2)).answer({ status: 500 });
  await clock.tick(200);
  const last = new ConnectError("CONNECTION_REFUSED", "refused", { requestSent: "none" });
  (await inner.call(3)).fail(last);
  const { error } = await outcome;
  expect(error).toBe(last);
  const start = Date.UTC(2026, 0, 1);
  expect(error?.attempts).toEqual([
    { startedAt: start, durationMs: 0, error: { code: "CONNECTION_RESET", message: "reset by peer" } },
    { startedAt: start + 100, durationMs: 30, status: 500, reused: false },
    { startedAt: start + 330, durationMs: 0, error: { code: "CONNECTION_REFUSED", message: "refused" } },
  ]);
  expect(error?.message).toBe("refused");
});

test("a status that stays refused is returned, not thrown", async () => {
  const { clock, inner, outcome } = callThroughRetry();
  for (const number of [1, 2, 3]) {
    (await inner.call(number)).answer({ status: 503 });
    await clock.tick(60_000);
  }
  const { response } = await outcome;
  expect(response?.status).toBe(503);
  expect(response?.attempts).toHaveLength(3);
  expect(response?.toStatusError().attempts).toBe(response?.attempts);
  expect(response?.notRetried).toBeUndefined();
  expect(inner.calls).toHaveLength(3);
});

test.each([
  ["seconds", "7", 7_000],
  ["a date", "Thu, 01 Jan 2026 00:00:09 GMT", 9_000],
  ["zero, which is no advice", "0", 500],
  ["garbage", "soon", 500],
])("Retry-After: %s", async (_name, value, delay) => {
  const { clock, inner } = callThroughRetry();
  (await inner.call(1)).answer({ status: 429, headers: { "retry-after": value } });
  await clock.tick();
  expect(clock.nextTimerIn).toBe(delay);
  await clock.tick(delay);
  expect(inner.calls).toHaveLength(2);
});

describe("what is not tried again", () => {
  test.each<[string, RequestFacts, SkeinError]>([
    ["a certificate", {}, new CertificateError("CERTIFICATE_INVALID", "expired", { requestSent: "none" })],
    ["an abort", {}, new AbortError("stop")],
    ["a POST that may have been carried out", { method: "POST" }, reset()],
  ])("%s", async (_name, request, failure) => {
    const { clock, inner, outcome } = callThroughRetry({ request });
    (await inner.call(1)).fail(failure);
    const { error } = await outcome;
    expect(error).toBe(failure);
    expect(error?.attempts).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test("attempts: 1", async () => {
    const { inner, outcome } = callThroughRetry({ context: { attempts: 1 } });
    (await inner.call(1)).answer({ status: 503 });
    expect((await outcome).response?.status).toBe(503);
  });

  test("a body that was a stream, and the error says so", async () => {
    async function* chunks() {
      yield new Uint8Array(1);
    }
    const body = new StreamBody(chunks, { length: undefined, replayable: false });
    const { inner, outcome } = callThroughRetry({ request: { method: "PUT", body } });
    (await inner.call(1)).fail(reset());
    const { error } = await outcome;
    expect(error?.reason).toBe(
      "reset by peer; not tried again: the request's body is a stream, which can't be sent twice",
    );
  });

  test("an error that is not ours: a bug comes out as it is", async () => {
    const { inner, outcome } = callThroughRetry();
    const bug = new TypeError("x is not a function");
    (await inner.call(1)).fail(bug);
    expect((await outcome).error).toBe(bug);
  });
});

test("a POST with an idempotency key, or of which nothing was sent, is tried again", async () => {
  const keyed = callThroughRetry({
    request: { method: "POST", headers: { "idempotency-key": "1" }, body: new BytesBody(new Uint8Array(3)) },
  });
  (await keyed.inner.call(1)).answer({ status: 503 });
  await keyed.clock.tick(500);
  expect(keyed.inner.calls).toHaveLength(2);

  const unsent = callThroughRetry({ request: { method: "POST" } });
  (await unsent.inner.call(1)).fail(
    new ConnectError("CONNECTION_REFUSED", "refused", { requestSent: "none" }),
  );
  await unsent.clock.tick(100);
  expect(unsent.inner.calls).toHaveLength(2);
});

describe("the deadline", () => {
  test("a wait that would pass it is not begun: the error says so at once", async () => {
    const { clock, inner, outcome } = callThroughRetry({ context: { deadline: 90 } });
    (await inner.call(1)).fail(reset());
    const { error } = await outcome;
    expect(error?.reason).toBe(
      "reset by peer; not tried again: the next attempt would wait 100 ms, and the call ends in 90 ms",
    );
    expect(error?.message).toBe(error?.reason);
    expect(clock.now()).toBe(0);
  });

  test("a refused response is returned at once, and its status error says so", async () => {
    const { inner, outcome } = callThroughRetry({ context: { deadline: 10_000 } });
    (await inner.call(1)).answer({ status: 429, headers: { "retry-after": "60" } });
    const { response } = await outcome;
    expect(response?.notRetried).toBe("the server asks to wait 1 min, and the call ends in 10 s");
    expect(response?.toStatusError().message).toBe(
      "GET http://a.test/x: answered 429; not tried again: the server asks to wait 1 min, and the call ends in 10 s",
    );
  });
});

describe("cancelling", () => {
  test("during the backoff ends the call at once, with the attempts made", async () => {
    const { clock, inner, context, outcome } = callThroughRetry();
    (await inner.call(1)).fail(reset());
    await clock.tick(50);
    context.cancel("no longer needed");
    const { error } = await outcome;
    expect(error).toBeInstanceOf(AbortError);
    expect(error?.message).toBe("cancelled: no longer needed");
    expect(error?.attempts).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
    expect(inner.calls).toHaveLength(1);
  });

  test("while the refused body is let go of", async () => {
    const { clock, inner, context, outcome } = callThroughRetry({ context: { streaming: true } });
    const body = new TestBody().push("slow");
    (await inner.call(1)).answer({ status: 503, body });
    await clock.tick(10);
    // As a connection does: the call's cancellation ends the body that is being read.
    body.fail(new AbortError("stop"));
    context.cancel("stop");
    expect((await outcome).error?.message).toBe("cancelled: stop");
    expect([clock.pendingTimers, inner.calls.length]).toEqual([0, 1]);
  });
});

describe("the body of a refused response that streams", () => {
  const streaming = { context: { streaming: true } };

  test("a small one is read to its end, so that its connection can be used again", async () => {
    const { clock, inner } = callThroughRetry(streaming);
    const body = bodyOf(["try ", "later"]);
    (await inner.call(1)).answer({ status: 503, body });
    await clock.tick(500);
    expect([body.bytesRead, body.cancelled, inner.calls.length]).toEqual([9, false, 2]);
  });

  test("a large one is cancelled", async () => {
    const { clock, inner } = callThroughRetry(streaming);
    const body = bodyOf([new Uint8Array(10_000), new Uint8Array(10_000), new Uint8Array(10_000)]);
    (await inner.call(1)).answer({ status: 503, body });
    await clock.tick(500);
    expect([body.bytesRead, body.cancelled, inner.calls.length]).toEqual([20_000, true, 2]);
  });

  test("a slow one is cancelled after 100 ms, which are part of the wait", async () => {
    const { clock, inner } = callThroughRetry(streaming);
    const body = new TestBody().push("drip");
    (await inner.call(1)).answer({ status: 503, body });
    await clock.tick(99);
    expect(body.cancelled).toBe(false);
    await clock.tick(1);
    expect(body.cancelled).toBe(true);
    await clock.tick(399);
    expect(inner.calls).toHaveLength(1);
    await clock.tick(1);
    expect(inner.calls).toHaveLength(2);
  });

  test("one that fails does not fail the call", async () => {
    const { clock, inner, outcome } = callThroughRetry(streaming);
    (await inner.call(1)).answer({ status: 503, body: bodyOf(["x"], { failure: reset() }) });
    await clock.tick(500);
    (await inner.call(2)).answer({ status: 200 });
    expect((await outcome).response?.status).toBe(200);
  });

  test("that of the last response is the caller's", async () => {
    const { inner, outcome } = callThroughRetry({ context: { streaming: true, attempts: 1 } });
    const body = bodyOf(["details"]);
    (await inner.call(1)).answer({ status: 503, body });
    expect((await outcome).response?.body).toBe(body);
    expect([body.bytesRead, body.cancelled]).toEqual([0, false]);
  });
});

test("close closes what is inside", async () => {
  const { inner, service } = callThroughRetry();
  await service.close();
  expect(inner.closed).toBe(true);
});

const ORIGIN = requestOf("http://a.test/x").url.origin.key;

describe("the budget", () => {
  const spent = () => {
    const budget = new RetryBudget();
    while (budget.take(ORIGIN, false, 0) === 0);
    return budget;
  };

  test("an error that can't be tried again for want of tokens says so, and keeps what it was", async () => {
    const { inner, outcome, clock } = callThroughRetry({ budget: spent() });
    const failure = reset();
    (await inner.call(1)).fail(failure);
    const { error } = await outcome;
    expect(error).toMatchObject({
      name: "RetryBudgetExhausted",
      code: "RETRY_BUDGET_EXHAUSTED",
      reason: "reset by peer; not tried again: the retry budget is used up: too much has failed of late",
      cause: failure,
      phase: "headers",
      requestSent: "full",
      retryAfterMs: 5_000,
    });
    expect([error?.attempts.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  test("a refused status is handed on, with the reason why it was not tried again", async () => {
    const { inner, outcome } = callThroughRetry({ budget: spent() });
    (await inner.call(1)).answer({ status: 503 });
    const { response } = await outcome;
    expect([response?.status, response?.attempts.length]).toEqual([503, 1]);
    expect(response?.notRetried).toBe("the retry budget is used up: too much has failed of late");
  });

  test("`budget: false` neither asks nor pays", async () => {
    const budget = spent();
    const { clock, inner } = callThroughRetry({ budget, context: { spendsBudget: false } });
    (await inner.call(1)).fail(reset());
    await clock.tick(100);
    await inner.call(2);
    expect(budget.left(0, ORIGIN).origin).toBe(0);
  });

  test("a retry is paid for, and a call that ends well gives back", async () => {
    const budget = new RetryBudget();
    const { clock, inner, outcome } = callThroughRetry({ budget });
    (await inner.call(1)).answer({ status: 503 });
    await clock.tick(500);
    expect(budget.left(clock.now(), ORIGIN).origin).toBeCloseTo(95.5, 5);
    (await inner.call(2)).answer({ status: 200 });
    await outcome;
    expect(budget.left(clock.now(), ORIGIN).origin).toBeCloseTo(96, 5);
  });
});
