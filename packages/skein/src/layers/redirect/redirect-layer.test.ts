import {
  bodyOf,
  type ContextFacts,
  contextOf,
  expect,
  fakeClock,
  type RequestFacts,
  requestOf,
  ScriptedService,
  TestBody,
  test,
} from "@skein/testkit";
import { AbortError, ReadError, type SkeinError, TooManyRedirects } from "../../core/errors.ts";
import type { Response } from "../../core/response.ts";
import { redirectLayer } from "./redirect-layer.ts";

/** A call through a redirect layer. */
function callThroughRedirect(facts: { context?: ContextFacts; request?: RequestFacts } = {}) {
  const clock = fakeClock();
  const inner = new ScriptedService();
  const context = contextOf(facts.context);
  const request = requestOf("https://a.test/0", facts.request);
  const service = redirectLayer(clock)(inner);
  const outcome: Promise<{ response?: Response; error?: SkeinError }> = service.send(request, context).then(
    response => ({ response }),
    (error: SkeinError) => ({ error }),
  );
  return { clock, inner, context, request, service, outcome };
}

const to = (location: string) => ({ status: 302, headers: { location } });

test("an ordinary answer is handed on", async () => {
  for (const answer of [
    { status: 200 },
    { status: 304 },
    { status: 302 },
    { status: 201, headers: { location: "/x" } },
  ]) {
    const { inner, outcome } = callThroughRedirect();
    const given = (await inner.call(1)).answer(answer);
    expect((await outcome).response).toBe(given);
    expect(given.history).toEqual([]);
  }
});

test("redirects are followed, and listed in the history, oldest first", async () => {
  const { inner, outcome, context } = callThroughRedirect();
  const first = (await inner.call(1)).answer(to("/1"));
  const second = (await inner.call(2)).answer(to("https://b.test/2"));
  const third = await inner.call(3);
  expect(third.context).toBe(context);
  third.answer({ status: 200 });
  const { response } = await outcome;
  expect(response?.url).toBe("https://b.test/2");
  expect(response?.history).toEqual([first, second]);
});

test("headers that were held back at another origin are not restored on the way home", async () => {
  const { inner, outcome } = callThroughRedirect({
    request: { headers: { authorization: "x", accept: "a/b" } },
  });
  (await inner.call(1)).answer(to("https://b.test/"));
  (await inner.call(2)).answer(to("https://a.test/"));
  const third = await inner.call(3);
  expect(third.request.url.href).toBe("https://a.test/");
  expect(third.request.headers.toJSON()).toEqual({ accept: "a/b" });
  third.answer({ status: 200 });
  await outcome;
});

test("20 redirects are followed, the 21st is an error", async () => {
  const passes = callThroughRedirect();
  for (let hop = 1; hop <= 20; hop++) (await passes.inner.call(hop)).answer(to(`/${hop}`));
  (await passes.inner.call(21)).answer({ status: 200 });
  expect((await passes.outcome).response?.history).toHaveLength(20);

  const fails = callThroughRedirect();
  for (let hop = 1; hop <= 21; hop++) (await fails.inner.call(hop)).answer(to(`/${hop}`));
  const { error } = await fails.outcome;
  expect(error).toBeInstanceOf(TooManyRedirects);
  expect(error).toMatchObject({
    code: "TOO_MANY_REDIRECTS",
    phase: "redirect",
    reason: "more than 20 redirects",
  });
  expect(fails.inner.calls).toHaveLength(21);
});

test("a circle is called one, and that its cookies were lost", async () => {
  const { inner, outcome } = callThroughRedirect({ context: { maxRedirects: 2 } });
  (await inner.call(1)).answer({ status: 302, headers: { location: "/1", "set-cookie": "seen=1" } });
  (await inner.call(2)).answer(to("/0"));
  (await inner.call(3)).answer(to("/1"));
  expect((await outcome).error?.reason).toBe(
    "more than 2 redirects, which go in a circle and set cookies that were not sent back",
  );
});

test("with 0 redirects allowed, the redirecting response is the answer", async () => {
  const { inner, outcome } = callThroughRedirect({ context: { maxRedirects: 0 } });
  (await inner.call(1)).answer(to("/1"));
  expect((await outcome).response?.status).toBe(302);
});

test("`downgrade` is the call's", async () => {
  const refused = callThroughRedirect();
  (await refused.inner.call(1)).answer(to("http://a.test/"));
  expect((await refused.outcome).error?.code).toBe("REDIRECT_REFUSED");
  const allowed = callThroughRedirect({ context: { downgrade: true } });
  (await allowed.inner.call(1)).answer(to("http://a.test/"));
  expect((await allowed.inner.call(2)).request.url.href).toBe("http://a.test/");
});

test("an error of a later hop comes out", async () => {
  const { inner, outcome } = callThroughRedirect();
  (await inner.call(1)).answer(to("/1"));
  const failure = new ReadError("CONNECTION_RESET", "reset");
  (await inner.call(2)).fail(failure);
  expect((await outcome).error).toBe(failure);
});

test("the body of a hop is read when it is small, and cancelled when it is large or slow", async () => {
  const { clock, inner, outcome } = callThroughRedirect({ context: { streaming: true } });
  const bodies = {
    small: bodyOf(["see ", "there"]),
    large: bodyOf([new Uint8Array(20_000)]),
    slow: new TestBody(),
  };
  (await inner.call(1)).answer({ ...to("/1"), body: bodies.small });
  (await inner.call(2)).answer({ ...to("/2"), body: bodies.large });
  (await inner.call(3)).answer({ ...to("/3"), body: bodies.slow });
  await clock.tick(99);
  expect(inner.calls).toHaveLength(3);
  await clock.tick(1);
  const final = bodyOf(["final"]);
  (await inner.call(4)).answer({ status: 200, body: final });
  expect((await outcome).response?.body).toBe(final);
  expect([bodies.small.bytesRead, bodies.small.cancelled]).toEqual([9, false]);
  expect([bodies.large.cancelled, bodies.slow.cancelled, final.cancelled]).toEqual([true, true, false]);
  expect([final.bytesRead, clock.pendingTimers]).toEqual([0, 0]);
});

test("a redirect that is refused lets go of its body too", async () => {
  const { inner, outcome } = callThroughRedirect({ context: { streaming: true } });
  const body = bodyOf(["x"]);
  const headers: [string, string][] = [
    ["location", "/a"],
    ["location", "/b"],
  ];
  (await inner.call(1)).answer({ status: 302, headers, body });
  expect((await outcome).error?.code).toBe("INVALID_RESPONSE");
  expect(body.bytesRead).toBe(1);
});

test("cancelled between two hops, nothing more is sent", async () => {
  const { inner, context, outcome } = callThroughRedirect();
  const first = await inner.call(1);
  first.answer(to("/1"));
  context.cancel("enough");
  const { error } = await outcome;
  expect(error).toBeInstanceOf(AbortError);
  expect(inner.calls).toHaveLength(1);
});

test("close closes what is inside", async () => {
  const { inner, service } = callThroughRedirect();
  await service.close();
  expect(inner.closed).toBe(true);
});
