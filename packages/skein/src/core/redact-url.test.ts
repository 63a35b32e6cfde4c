import { describe, expect, test } from "@skein/testkit";
import { redactHeader } from "./redact-header.ts";
import { redactUrl, redactUrls, withoutUserinfo } from "./redact-url.ts";
import { isSecretName } from "./secret-names.ts";

describe("names of credentials", () => {
  test.each([
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Set-Cookie",
    "X-API-Key",
    "x-auth-token",
    "X-Custom-Auth",
    "X-Amz-Signature",
    "Ocp-Apim-Subscription-Key",
    "access_token",
    "apikey",
    "client_secret",
    "passwd",
    "password",
    "session_id",
    "key",
    "sig",
    "jwt",
  ])("%s is one", name => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each([
    "accept",
    "content-type",
    "user-agent",
    "x-request-id",
    "X-Author",
    "WWW-Authenticate",
    "Idempotency-Key",
    "keyword",
    "design",
    "page",
  ])("%s is none", name => {
    expect(isSecretName(name)).toBe(false);
  });
});

test.each([
  ["Authorization", "Bearer hunter2", "Bearer ***"],
  ["authorization", "hunter2", "***"],
  ["Proxy-Authorization", "Basic aHVudGVyMg==", "Basic ***"],
  ["Cookie", "session=hunter2", "***"],
  ["Set-Cookie", "session=hunter2; Path=/", "***"],
  ["X-API-Key", "hunter2", "***"],
  ["X-Auth-Token", "hunter2", "***"],
  ["Accept", "text/html", "text/html"],
  ["X-Author", "Ada", "Ada"],
  ["Location", "https://me:hunter2@h.example/?token=hunter2", "https://***@h.example/?token=***"],
  [
    "Link",
    '<https://h.example/?page=1&token=hunter2>; rel="next", <https://h.example/?key=hunter2>; rel="last"',
    '<https://h.example/?page=1&token=***>; rel="next", <https://h.example/?key=***>; rel="last"',
  ],
])("%s: %s", (name, value, shown) => {
  expect(redactHeader(name, value)).toBe(shown);
});

test.each([
  ["/a?token=hunter2&b=c", "/a?token=***&b=c"],
  ["/a?b=c&api_key=hunter2#x", "/a?b=c&api_key=***#x"],
  ["/a?access_token=hunter2", "/a?access_token=***"],
  ["/a?X-Amz-Signature=hunter2", "/a?X-Amz-Signature=***"],
  ["/token=1?a=b", "/token=1?a=b"],
  ["https://me:hunter2@h.example/a@b?c=d", "https://***@h.example/a@b?c=d"],
])("%s", (target, shown) => {
  expect([redactUrl(target), redactUrls(target)]).toEqual([shown, shown]);
});

test.each([
  ["GET http://a.test/?token=hunter2: answered 404", "GET http://a.test/?token=***: answered 404"],
  ["GET http://a.test/?token=hun:ter:2 failed", "GET http://a.test/?token=*** failed"],
  ["to http://me:hunt@er2@a.test/p@q and on", "to http://***@a.test/p@q and on"],
])("%s", (text, shown) => {
  expect(redactUrls(text)).toBe(shown);
});

test("user name and password leave a URL, and nothing else does", () => {
  expect(withoutUserinfo("http://user:pw@h.example/p?q=a@b")).toBe("http://h.example/p?q=a@b");
  expect(withoutUserinfo("http://h.example/p@q?to=http://x:y@z/")).toBe("http://h.example/p@q?to=http://z/");
  expect(withoutUserinfo("http://h.example/p@q")).toBe("http://h.example/p@q");
});

test("a text of 1 MB is redacted in linear time", () => {
  for (const piece of ["?", "?a=", "&token=x", "//", "//a@", "<", "=", '"']) {
    const half = timed(piece.repeat(524_288 / piece.length));
    const whole = timed(piece.repeat(1_048_576 / piece.length));
    // Twice as much takes twice as long, not four times; the bound leaves room for a machine that is busy.
    expect(whole).toBeLessThan(Math.max(half * 8, 1_500));
  }
});

function timed(text: string): number {
  const before = performance.now();
  redactUrls(text);
  return performance.now() - before;
}
