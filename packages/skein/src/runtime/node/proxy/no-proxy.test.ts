import { describe, expect, test } from "@skein/testkit";
import { isThisMachine, parseNoProxy } from "./no-proxy.ts";

/** The list, the host, its port, and whether it goes without a proxy. */
const ROWS: readonly (readonly [list: string, host: string, port: number, without: boolean])[] = [
  ["", "example.com", 80, false],
  [" , ,", "example.com", 80, false],
  ["*", "example.com", 80, true],
  ["*", "10.0.0.1", 443, true],
  ["a.test,*", "example.com", 80, true],
  ["*:8443", "example.com", 8443, true],
  ["*:8443", "10.0.0.1", 443, false],
  ["example.com", "example.com", 80, true],
  ["example.com", "www.example.com", 80, true],
  ["example.com", "a.b.example.com", 80, true],
  ["example.com", "notexample.com", 80, false],
  ["example.com", "example.com.evil.test", 80, false],
  ["example.com", "com", 80, false],
  [".example.com", "www.example.com", 80, true],
  [".example.com", "example.com", 80, true],
  ["*.example.com", "www.example.com", 80, true],
  ["*.example.com", "example.com", 80, false],
  ["EXAMPLE.Com", "example.com", 80, true],
  ["example.com.", "example.com", 80, true],
  ["example.com", "example.com.", 80, true],
  ["example.com.", "www.example.com.", 80, true],
  ["a.test, example.com", "example.com", 80, true],
  ["a.test example.com", "example.com", 80, true],
  ["a.test\texample.com\n", "example.com", 80, true],
  ["example.com:8443", "example.com", 8443, true],
  ["example.com:8443", "example.com", 443, false],
  ["example.com:8443", "www.example.com", 8443, true],
  ["example.com:8443,example.com:443", "example.com", 443, true],
  [".example.com:99999", "example.com", 443, false],
  ["com", "example.com", 80, true],
  [".", "example.com", 80, false],
  ["10.0.0.1", "10.0.0.1", 80, true],
  ["10.0.0.1", "10.0.0.10", 80, false],
  ["0.0.1", "10.0.0.1", 80, false],
  ["10.0.0.1:8080", "10.0.0.1", 8080, true],
  ["10.0.0.1:8080", "10.0.0.1", 80, false],
  ["10.0.0.0/8", "10.255.0.1", 80, true],
  ["10.0.0.0/8", "11.0.0.1", 80, false],
  ["192.168.1.77/24", "192.168.1.1", 80, true],
  ["192.168.1.77/24", "192.168.2.1", 80, false],
  ["10.0.0.0/0", "203.0.113.9", 80, true],
  ["10.0.0.1/32", "10.0.0.1", 80, true],
  ["10.0.0.0/33", "10.0.0.1", 80, false],
  ["10.0.0.0/", "10.0.0.0", 80, false],
  ["10.0.0.0/8/8", "10.0.0.0", 80, false],
  ["example.com/8", "example.com", 80, false],
  ["10.0.0.0/8", "ten.example.com", 80, false],
  ["::1", "::1", 80, true],
  ["[::1]", "::1", 80, true],
  ["[::1]:8080", "::1", 8080, true],
  ["[::1]:8080", "::1", 80, false],
  ["0:0:0:0:0:0:0:1", "::1", 80, true],
  ["FD00::/8", "fd12:3456::1", 80, true],
  ["fd00::/8", "fe80::1", 80, false],
  ["fd00::/129", "fd00::1", 80, false],
  ["2001:db8::/32", "2001:db8:ffff::1", 443, true],
  ["10.0.0.0/8", "::ffff:a00:1", 80, true],
  ["10.0.0.1", "::ffff:a00:1", 80, true],
  ["::ffff:10.0.0.1", "fd00::1", 80, false],
];

describe("NO_PROXY", () => {
  test.each(ROWS)("%j: %s on port %i goes without a proxy: %s", (list, host, port, without) => {
    expect(parseNoProxy(list)(host, port)).toBe(without);
  });

  test("a long list, and a long name, take no more than their length", () => {
    const timeOf = (repeats: number) => {
      const matches = parseNoProxy("a.b,.x,*.y:1,10.0.0.0/8 ".repeat(repeats));
      const started = performance.now();
      parseNoProxy(
        `${"a.".repeat(repeats)},${".".repeat(repeats)},${":".repeat(repeats)},${"[".repeat(repeats)}`,
      );
      matches(`${"a.".repeat(100)}test`, 80);
      return performance.now() - started;
    };
    timeOf(10_000);
    expect(timeOf(200_000)).toBeLessThan(2_000);
  });
});

test.each([
  ["localhost", true],
  ["localhost.", true],
  ["app.localhost", true],
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["::ffff:7f00:1", true],
  ["localhost.example.com", false],
  ["notlocalhost", false],
  ["128.0.0.1", false],
  ["0.0.0.0", false],
])("%s is this machine itself: %s", (host, expected) => {
  expect(isThisMachine(host)).toBe(expected);
});
