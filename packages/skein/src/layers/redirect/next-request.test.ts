import { describe, expect, type RequestFacts, requestOf, responseOf, test } from "@skein/testkit";
import { BytesBody, StreamBody } from "../../core/body.ts";
import {
  BodyNotReplayable,
  RedirectRefused,
  RemoteProtocolError,
  type SkeinError,
} from "../../core/errors.ts";
import { isRedirect } from "./is-redirect.ts";
import { locationOf, nextRequest } from "./next-request.ts";

const follow = (
  facts: RequestFacts & { url?: string; status?: number; location?: string; downgrade?: boolean },
) =>
  nextRequest(
    requestOf(facts.url ?? "https://a.test/dir/page?q=1", facts),
    { status: facts.status ?? 302, location: facts.location ?? "/next" },
    { downgrade: facts.downgrade ?? false },
  );

const thrownBy = (run: () => unknown): SkeinError => {
  try {
    run();
  } catch (error) {
    return error as SkeinError;
  }
  throw new Error("nothing was thrown");
};

const body = new BytesBody(new TextEncoder().encode("a=1"));
const bodyHeaders = { "Content-Type": "text/plain", "content-length": "3", Expect: "100-continue" };

describe("method and body", () => {
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
  test.each([
    [301, ["GET", "HEAD", "GET", "PUT", "PATCH", "DELETE"]],
    [302, ["GET", "HEAD", "GET", "PUT", "PATCH", "DELETE"]],
    [303, ["GET", "HEAD", "GET", "GET", "GET", "GET"]],
    [307, METHODS],
    [308, METHODS],
  ])("%i", (status, expected) => {
    expect(METHODS.map(method => follow({ method, status }).method)).toEqual(expected);
  });

  test.each([301, 302, 303])("%i: POST to GET drops the body and what describes it", status => {
    const headers = { ...bodyHeaders, Digest: "x", accept: "a/b", authorization: "Basic eA==" };
    const next = follow({ method: "POST", status, headers, body });
    expect(next.body).toBeUndefined();
    expect(next.headers.toJSON()).toEqual({ accept: "a/b", authorization: "Basic eA==" });
  });

  test.each([307, 308])("%i sends the body again", status => {
    const next = follow({ method: "POST", status, headers: bodyHeaders, body });
    expect(next.body).toBe(body);
    expect(next.headers.get("content-type")).toBe("text/plain");
  });

  test.each([307, 308])("%i refuses when the body was a stream", status => {
    async function* chunks() {
      yield new Uint8Array(1);
    }
    const stream = new StreamBody(chunks, { length: undefined, replayable: false });
    const error = thrownBy(() => follow({ method: "POST", status, body: stream }));
    expect(error).toBeInstanceOf(BodyNotReplayable);
    expect(error.message).toContain("give a function that makes the stream");
    expect(follow({ method: "POST", status: 303, body: stream }).method).toBe("GET");
  });
});

describe("where to", () => {
  test.each([
    ["/next", "https://a.test/next"],
    ["other", "https://a.test/dir/other"],
    ["../up", "https://a.test/up"],
    ["?q=2", "https://a.test/dir/page?q=2"],
    ["#top", "https://a.test/dir/page?q=1#top"],
    ["//b.test/x", "https://b.test/x"],
    ["https://b.test", "https://b.test/"],
    ["https://b.test:443/x", "https://b.test/x"],
    ["HTTPS://B.TEST/x y", "https://b.test/x%20y"],
    ["https://a.test:8443/x", "https://a.test:8443/x"],
    ["/\xc3\xbc?\xe9", "https://a.test/%C3%BC?%E9"],
    ["https://m\xc3\xbcnchen.test/", "https://xn--mnchen-3ya.test/"],
  ])("%s", (location, expected) => {
    expect(follow({ location }).url.href).toBe(expected);
  });

  test("the fragment is kept, unless the new URL has its own", () => {
    const url = "https://a.test/page#part";
    expect(follow({ url, location: "/x" }).url.hash).toBe("#part");
    expect(follow({ url, location: "/x#other" }).url.hash).toBe("#other");
  });

  test.each([
    "https://",
    "https://a b/",
    "//[::1",
    "https://a.test:99999/",
    "https://user:secret@/x?token=1",
  ])("garbage: %s", location => {
    const error = thrownBy(() => follow({ location }));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", phase: "redirect" });
    expect(error.message).toMatch(/^the redirect's Location is no use: ".*" is not a URL$/);
    expect(error.message).not.toMatch(/secret|token/);
  });

  test.each([
    "ftp://b.test/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:,x",
    "unix:/run/x",
    "mailto:a@b",
  ])("another scheme is refused: %s", location => {
    const error = thrownBy(() => follow({ location, downgrade: true }));
    expect(error).toBeInstanceOf(RedirectRefused);
    expect(error.message).toMatch(/^redirect refused: to ".*"; only http and https are followed$/);
  });

  test("https to http is refused", () => {
    const error = thrownBy(() => follow({ location: "http://a.test/x?token=1" }));
    expect(error).toBeInstanceOf(RedirectRefused);
    expect(error.message).toBe(
      "redirect refused: from https://a.test to http://a.test, which is not encrypted",
    );
  });

  test("with `downgrade`, https to http is followed, without credentials", () => {
    const headers = { authorization: "Bearer x", cookie: "a=1", accept: "a/b" };
    const next = follow({ location: "http://a.test/x", downgrade: true, headers });
    expect(next.url.href).toBe("http://a.test/x");
    expect(next.headers.toJSON()).toEqual({ accept: "a/b" });
  });

  test("http to https needs no leave", () => {
    expect(follow({ url: "http://a.test/", location: "https://a.test/" }).url.href).toBe("https://a.test/");
  });
});

describe("headers across origins", () => {
  const secret = {
    authorization: "Bearer x",
    cookie: "a=1",
    "proxy-authorization": "Basic x",
    "x-api-key": "k",
    "X-Auth-Token": "t",
    host: "a.test",
    referer: "https://a.test/?token=1",
    origin: "https://a.test",
    "idempotency-key": "1",
    "x-anything": "1",
  };
  const harmless = {
    accept: "a/b",
    "Accept-Encoding": "gzip",
    "accept-language": "de",
    "user-agent": "x",
    range: "bytes=0-1",
    "if-none-match": '"x"',
    "cache-control": "no-cache",
  };
  const headers = { ...secret, ...harmless };

  test.each([
    ["another host", "https://b.test/"],
    ["a subdomain", "https://www.a.test/"],
    ["the parent domain", "https://test/"],
    ["another port", "https://a.test:8443/"],
    ["the same host with a dot at its end", "https://a.test./"],
  ])("%s: only what is harmless goes on", (_name, location) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const next = follow({ location, headers, status });
      expect(Object.keys(next.headers.toJSON())).toEqual(
        Object.keys(harmless).map(name => name.toLowerCase()),
      );
    }
  });

  test("on the same origin, all go on", () => {
    expect(follow({ location: "https://A.test:443/x", headers }).headers.size).toBe(17);
  });

  test("what describes the body goes on with it", () => {
    const next = follow({
      method: "POST",
      status: 307,
      location: "https://b.test/",
      headers: bodyHeaders,
      body,
    });
    expect(next.headers.toJSON()).toEqual({
      "content-type": "text/plain",
      "content-length": "3",
      expect: "100-continue",
    });
  });

  test("the request itself is not changed", () => {
    const request = requestOf("https://a.test/", { headers });
    nextRequest(request, { status: 302, location: "https://b.test/" }, { downgrade: false });
    expect(request.headers.size).toBe(17);
  });
});

describe("user name and password", () => {
  const url = "https://me:pw@a.test/";
  test("of the URL stay with their origin, and do not cross", () => {
    expect(follow({ url, location: "/x" }).url.userinfo).toEqual({ username: "me", password: "pw" });
    expect(follow({ url, location: "https://b.test/x" }).url.userinfo).toBeUndefined();
  });

  test("in Location are dropped across origins", () => {
    expect(follow({ location: "https://you:pw2@b.test/x" }).url.userinfo).toBeUndefined();
    expect(follow({ location: "https://you:pw2@a.test/x" }).url.userinfo).toEqual({
      username: "you",
      password: "pw2",
    });
  });
});

describe("what is a redirect", () => {
  const response = (status: number, location: [string, string][]) =>
    responseOf(requestOf("https://a.test/"), { status, headers: location });

  test("301, 302, 303, 307 and 308 with a Location", () => {
    const redirects = [];
    for (let status = 200; status < 600; status++) {
      if (isRedirect(response(status, [["Location", "/x"]]))) redirects.push(status);
    }
    expect(redirects).toEqual([301, 302, 303, 307, 308]);
  });

  test("not without a Location, or with an empty one", () => {
    expect(isRedirect(response(302, []))).toBe(false);
    expect(isRedirect(response(302, [["location", ""]]))).toBe(false);
  });

  test("the same Location twice is one; two that differ are an error", () => {
    const twice: [string, string][] = [
      ["location", "/x"],
      ["Location", "/x"],
    ];
    expect(locationOf(response(302, twice))).toBe("/x");
    const error = thrownBy(() => locationOf(response(302, [...twice, ["location", "/y"]])));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error.message).toBe("the redirect's Location is no use: it names several places");
  });
});
