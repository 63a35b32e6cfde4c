import { describe, expect, test } from "@skein/testkit";
import {
  AbortError,
  BodyNotReplayable,
  CertificateError,
  ClientClosed,
  ConnectError,
  ConnectTimeout,
  DecodingError,
  DnsError,
  HandlerError,
  HeadersTimeout,
  HTTPStatusError,
  InvalidUrl,
  type Phase,
  PoolTimeout,
  ReadError,
  ReadTimeout,
  RedirectRefused,
  RemoteProtocolError,
  type RequestSent,
  ResponseTooLarge,
  type SkeinError,
  TlsError,
  TooManyRedirects,
  TotalTimeout,
  WriteError,
  WriteTimeout,
} from "../core/errors.ts";
import { decideRetry, isTransient, type RefusalReason, type RetryFacts } from "./retry.ts";

const GET = { isSafe: true, isIdempotent: true, isReplayable: true };
const PUT = { isSafe: false, isIdempotent: true, isReplayable: true };
const POST = { isSafe: false, isIdempotent: false, isReplayable: true };
const requests = { GET, PUT, POST };

const decide = (facts: Partial<RetryFacts>) =>
  decideRetry({
    attempt: 1,
    attempts: 3,
    request: GET,
    failure: { status: 503, retryAfterMs: undefined },
    now: 1_000,
    deadline: Number.POSITIVE_INFINITY,
    random: 0.5,
    ...facts,
  });

/** "GET PUT" when these, of GET, PUT and POST, are tried again after the failure. */
const triedAgain = (failure: RetryFacts["failure"]) =>
  Object.entries(requests)
    .filter(([, request]) => decide({ failure, request }).retry)
    .map(([method]) => method)
    .join(" ");

describe("statuses", () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 521, 522, 524])(
    "%i is tried again, for what is idempotent",
    status => {
      expect(triedAgain({ status, retryAfterMs: undefined })).toBe("GET PUT");
    },
  );

  test.each([200, 204, 301, 304, 400, 401, 403, 404, 409, 410, 413, 422, 501, 505, 520, 599])(
    "%i is not",
    status => {
      expect(triedAgain({ status, retryAfterMs: undefined })).toBe("");
      expect(decide({ failure: { status, retryAfterMs: undefined } })).toEqual({
        retry: false,
        why: "not-retryable",
        because: `status ${status} is not tried again`,
      });
    },
  );

  test("an HTTPStatusError counts as its status", () => {
    const error = (status: number) => new HTTPStatusError({ status, reasonPhrase: "" }, "refused");
    expect(triedAgain(error(503))).toBe("GET PUT");
    expect(triedAgain(error(404))).toBe("");
    expect([isTransient(error(503)), isTransient(error(404))]).toEqual([true, false]);
  });
});

describe("errors", () => {
  const at = (phase: Phase, requestSent: RequestSent) => ({ phase, requestSent });
  const reset = (phase: Phase, sent: RequestSent) =>
    new ReadError("CONNECTION_RESET", "reset", at(phase, sent));

  test.each([
    ["refused", new ConnectError("CONNECTION_REFUSED", "refused", at("connect", "none"))],
    ["no such name", new DnsError("DNS_FAILED", "no such host", at("dns", "none"))],
    ["connect timeout", new ConnectTimeout("CONNECT_TIMEOUT", "timed out", at("connect", "none"))],
    ["connect error that does not say what was sent", new ConnectError("HOST_UNREACHABLE", "no route")],
    ["out of descriptors", new ConnectError("TOO_MANY_OPEN_FILES", "EMFILE", at("connect", "none"))],
    ["TLS handshake reset", new TlsError("TLS_FAILED", "reset", at("tls", "none"))],
    ["reset before a byte was sent", reset("send", "none")],
    ["dead kept-alive connection", new ReadError("CONNECTION_CLOSED", "closed", at("send", "none"))],
  ])("nothing was sent (%s): any method", (_name, error) => {
    expect(triedAgain(error)).toBe("GET PUT POST");
    expect(isTransient(error)).toBe(true);
  });

  test.each([
    ["reset while sending", reset("send", "partial")],
    ["reset before the answer", reset("headers", "full")],
    ["closed before the answer", new ReadError("CONNECTION_CLOSED", "closed", at("headers", "full"))],
    ["write failed", new WriteError("WRITE_FAILED", "EPIPE", at("send", "partial"))],
    ["write timeout", new WriteTimeout("WRITE_TIMEOUT", "stuck", at("send", "partial"))],
    ["TLS alert after the request", new TlsError("TLS_FAILED", "alert", at("headers", "full"))],
    ["reset, without a word of what was sent", new ReadError("CONNECTION_RESET", "reset")],
  ])("no answer came (%s): idempotent methods", (_name, error) => {
    expect(triedAgain(error)).toBe("GET PUT");
    expect(isTransient(error)).toBe(true);
  });

  test.each([
    ["read timeout", new ReadTimeout("READ_TIMEOUT", "no byte", at("headers", "full"))],
    ["headers timeout", new HeadersTimeout("HEADERS_TIMEOUT", "no answer", at("headers", "full"))],
    ["reset in the body", reset("body", "full")],
    ["body cut", new ReadError("BODY_CUT", "cut", at("body", "full"))],
    ["an attempt's timeout", new TotalTimeout("TOTAL_TIMEOUT", "over", at("headers", "full"))],
    ["corrupt coding", new DecodingError("DECODING_FAILED", "bad CRC", at("body", "full"))],
  ])("the server may have done it (%s): safe methods", (_name, error) => {
    expect(triedAgain(error)).toBe("GET");
    expect(isTransient(error)).toBe(true);
  });

  const nothingSent = at("connect", "none");
  test.each<[string, SkeinError]>([
    ["certificate", new CertificateError("CERTIFICATE_INVALID", "expired", at("tls", "none"))],
    ["abort", new AbortError("stop", nothingSent)],
    ["pool timeout", new PoolTimeout("POOL_TIMEOUT", "no connection", at("queue", "none"))],
    ["not HTTP", new RemoteProtocolError("INVALID_RESPONSE", "garbage", at("headers", "full"))],
    ["too large", new ResponseTooLarge("RESPONSE_TOO_LARGE", "too large", at("body", "full"))],
    ["too many redirects", new TooManyRedirects("TOO_MANY_REDIRECTS", "21")],
    ["redirect refused", new RedirectRefused("REDIRECT_REFUSED", "https to http")],
    ["bad JSON", new DecodingError("INVALID_JSON", "not JSON")],
    ["handler", new HandlerError("parse", new Error("bug"))],
    ["misuse", new InvalidUrl("not a URL")],
    ["closed client", new ClientClosed()],
    ["stream body", new BodyNotReplayable("stream")],
  ])("never: %s", (_name, error) => {
    expect(triedAgain(error)).toBe("");
    expect(decide({ failure: error })).toMatchObject({ why: "not-retryable" });
    expect(isTransient(error)).toBe(false);
  });
});

describe("conditions", () => {
  test.each<[string, Partial<RetryFacts>, RefusalReason, string]>([
    ["attempts used", { attempt: 3 }, "attempts-used", "all 3 attempts are used"],
    ["one attempt", { attempts: 1 }, "attempts-used", "only one attempt is allowed"],
    [
      "a POST that was refused",
      { request: POST },
      "not-repeatable",
      "the request may have been carried out, and has no idempotency key",
    ],
    [
      "a PUT that timed out",
      { request: PUT, failure: new ReadTimeout("READ_TIMEOUT", "no byte") },
      "not-repeatable",
      "the request changes something, and may have been carried out",
    ],
    [
      "a stream",
      { request: { ...PUT, isReplayable: false } },
      "not-replayable",
      "the request's body is a stream, which can't be sent twice",
    ],
    [
      "the deadline",
      { deadline: 1_400 },
      "deadline",
      "the next attempt would wait 500 ms, and the call ends in 400 ms",
    ],
    [
      "the deadline to the millisecond",
      { deadline: 1_500 },
      "deadline",
      "the next attempt would wait 500 ms, and the call ends in 500 ms",
    ],
    [
      "a deadline that has passed",
      { deadline: 900 },
      "deadline",
      "the next attempt would wait 500 ms, and the call ends in 0 ms",
    ],
    [
      "the call's own time is up",
      { failure: new TotalTimeout("TOTAL_TIMEOUT", "over", { requestSent: "full" }), deadline: 900 },
      "not-retryable",
      "the call's time is up",
    ],
    [
      "Retry-After beyond the deadline",
      { failure: { status: 429, retryAfterMs: 60_000 }, deadline: 11_000 },
      "deadline",
      "the server asks to wait 1 min, and the call ends in 10 s",
    ],
  ])("%s", (_name, facts, why, because) => {
    expect(decide(facts)).toEqual({ retry: false, why, because });
  });

  test("a stream is not sent twice even when nothing was sent: it may have been opened", () => {
    const failure = new ConnectError("CONNECTION_REFUSED", "refused", { requestSent: "none" });
    expect(decide({ failure, request: { ...GET, isReplayable: false } })).toMatchObject({
      why: "not-replayable",
    });
  });
});

describe("delays", () => {
  const reset = new ReadError("CONNECTION_RESET", "reset");
  test.each<[string, Partial<RetryFacts>, number, "backoff" | "retry-after"]>([
    ["an error", { failure: reset }, 100, "backoff"],
    ["the second error", { failure: reset, attempt: 2 }, 200, "backoff"],
    ["500", { failure: { status: 500, retryAfterMs: undefined } }, 100, "backoff"],
    ["429", { failure: { status: 429, retryAfterMs: undefined } }, 500, "backoff"],
    ["503, the second time", { attempt: 2 }, 1_000, "backoff"],
    ["503 with Retry-After", { failure: { status: 503, retryAfterMs: 7_000 } }, 7_000, "retry-after"],
    ["500 with Retry-After", { failure: { status: 500, retryAfterMs: 7_000 } }, 7_000, "retry-after"],
    ["Retry-After shorter than the jitter", { failure: { status: 503, retryAfterMs: 10 } }, 500, "backoff"],
    ["just before the deadline", { deadline: 1_501 }, 500, "backoff"],
  ])("after %s", (_name, facts, delayMs, why) => {
    expect(decide(facts)).toEqual({ retry: true, delayMs, why });
  });
});
