import { describe, expect, test } from "@skein/testkit";
import { parseUrl } from "../core/url.ts";
import { UrlPattern } from "./url-pattern.ts";

const matches = (pattern: string, url: string) => new UrlPattern(pattern).matches(parseUrl(url).origin);

describe("a pattern", () => {
  test.each([
    ["all://", "http://example.com/", true],
    ["https://", "https://example.com/", true],
    ["https://", "http://example.com/", false],
    ["all://example.com", "https://example.com:8443/", true],
    ["all://EXAMPLE.com", "https://example.com/", true],
    ["all://example.com", "https://www.example.com/", false],
    ["all://*.example.com", "https://www.example.com/", true],
    ["all://*.example.com", "https://a.b.example.com/", true],
    ["all://*.example.com", "https://example.com/", false],
    ["all://*.example.com", "https://badexample.com/", false],
    ["all://*example.com", "https://example.com/", true],
    ["all://*example.com", "https://www.example.com/", true],
    ["all://*example.com", "https://badexample.com/", false],
    ["http://example.com:8080", "http://example.com:8080/", true],
    ["http://example.com:8080", "http://example.com/", false],
    ["all://example.com:443", "https://example.com/", true],
    ["all://*:8080", "http://anything.test:8080/", true],
    ["all://[::1]:8080", "http://[::1]:8080/", true],
    ["all://bücher.example", "http://xn--bcher-kva.example/", true],
  ])("%s and %s: %s", (pattern, url, expected) => {
    expect(matches(pattern, url)).toBe(expected);
  });

  test("the most specific goes first: a port, then a longer host, then a scheme", () => {
    const patterns = [
      "all://",
      "http://",
      "all://*.b.c",
      "all://a.b.c",
      "http://a.b.c",
      "all://:80",
      "all://c:80",
    ];
    const sorted = patterns
      .map(text => ({ text, pattern: new UrlPattern(text) }))
      .sort((a, b) => UrlPattern.compare(a.pattern, b.pattern));
    expect(sorted.map(({ text }) => text)).toEqual([
      "all://c:80",
      "all://:80",
      "http://a.b.c",
      "all://a.b.c",
      "all://*.b.c",
      "http://",
      "all://",
    ]);
  });

  test.each([
    "example.com",
    "http",
    "ftp://a",
    "all://a/path",
    "all://u@a",
    "all://a.*.b",
    "all://a b",
    "all://a:x",
  ])("%j is none", text => {
    expect(() => new UrlPattern(text)).toThrow(`mounts: ${JSON.stringify(text)} is no pattern`);
  });
});
