import { describe, expect, test } from "@skein/testkit";
import { InvalidUrl, UnsupportedProtocol } from "./errors.ts";
import { parseUrl } from "./url.ts";

describe("parseUrl", () => {
  test.each([
    ["http://example.com", "http://example.com/"],
    ["http://example.com/a/b?c=d", "http://example.com/a/b?c=d"],
    ["HTTP://EXAMPLE.com:80/A", "http://example.com/A"],
    ["https://example.com:443/", "https://example.com/"],
    ["https://example.com:8443/x", "https://example.com:8443/x"],
    ["http://example.com/a/../b", "http://example.com/b"],
    ["http://example.com/a/%2e%2e/b", "http://example.com/b"],
    ["http://example.com/a b", "http://example.com/a%20b"],
    ["http://example.com/?q='x'", "http://example.com/?q=%27x%27"],
    ["http://example.com/ü", "http://example.com/%C3%BC"],
    ["http://[::1]:8080/x", "http://[::1]:8080/x"],
    ["http://127.1/x", "http://127.0.0.1/x"],
    ["http://example.com/x#part", "http://example.com/x#part"],
    ["http://exämple.com/", "http://xn--exmple-cua.com/"],
  ])("%s is %s", (text, href) => {
    expect(parseUrl(text).href).toBe(href);
    // Once more: now its origin is known, and the short way is taken where it may be.
    expect(parseUrl(text).href).toBe(href);
  });

  test("an IPv6 host is resolved without brackets, and named with them", () => {
    const { origin } = parseUrl("http://[::1]:8080/x");
    expect(origin).toMatchObject({
      hostname: "::1",
      port: 8080,
      host: "[::1]:8080",
      key: "http://[::1]:8080",
    });
  });

  test("user name and password are kept apart: no text of the URL shows them", () => {
    const url = parseUrl("http://us%40er:pa%3Ass@example.com/x");
    expect(url.userinfo).toEqual({ username: "us@er", password: "pa:ss" });
    expect(String(url)).toBe("http://example.com/x");
  });

  test.each([
    "",
    "example.com",
    "/x",
    "http://",
    "http:// /",
    "http://a b/",
    "http://[::1/",
    "http://a:99999/",
  ])("%j is no URL", text => {
    expect(() => parseUrl(text)).toThrow(InvalidUrl);
  });

  test.each(["ftp://a/", "file:///etc/passwd", "javascript:alert(1)", "data:,x", "unix:/x"])(
    "%j is not http",
    text => {
      expect(() => parseUrl(text)).toThrow(UnsupportedProtocol);
    },
  );

  test("a password does not appear in the message about a URL that is none", () => {
    expect(() => parseUrl("http://user:secret@:99999/")).toThrow(/\*\*\*@/);
    expect(() => parseUrl("http://user:secret@:99999/")).not.toThrow(/secret/);
  });

  test("the short way agrees with new URL() on whatever it takes", () => {
    const pieces = [
      "/",
      "//",
      ".",
      "..",
      "a",
      "%2e",
      "%2E",
      "%41",
      "%",
      "?",
      "&",
      "=",
      "'",
      '"',
      " ",
      "#",
      "|",
      "^",
      "`",
    ];
    pieces.push("{", "~", "*", ":", "@", ";", ",", "(", "\\", "\t", "ü", "%20", "+", "$", "!");
    let seed = 20261122;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed / 0x7fffffff;
    };
    for (let i = 0; i < 20_000; i++) {
      const tail = Array.from(
        { length: 1 + Math.floor(random() * 8) },
        () => pieces[Math.floor(random() * pieces.length)],
      );
      const text = `http://fuzz.test/${tail.join("")}`;
      // An empty fragment is never sent, and not kept.
      expect(parseUrl(text).href, text).toBe(new URL(text).href.replace(/^([^#]*)#$/, "$1"));
    }
  });
});

describe("resolve", () => {
  test("relative references, and the fragment that is kept", () => {
    const base = parseUrl("http://example.com/a/b?c#part");
    expect(base.resolve("d").href).toBe("http://example.com/a/d#part");
    expect(base.resolve("/d#other").href).toBe("http://example.com/d#other");
    expect(base.resolve("//other.test/x").href).toBe("http://other.test/x#part");
  });
});
