import { expect, test } from "@skein/testkit";
import { parseRetryAfter } from "./retry-after.ts";

const NOW = Date.UTC(1994, 10, 6, 8, 49, 0);

test.each([
  ["1", 1_000],
  ["120", 120_000],
  ["007", 7_000],
  ["Sun, 06 Nov 1994 08:49:37 GMT", 37_000],
  ["Sunday, 06-Nov-94 08:49:37 GMT", 37_000],
  ["Sun Nov  6 08:49:37 1994", 37_000],
  ["Tue, 29 Feb 2000 00:00:00 GMT", Date.UTC(2000, 1, 29) - NOW],
  ["Saturday, 01-Jan-05 00:00:00 GMT", Date.UTC(2005, 0, 1) - NOW],
  ["Sat, 31 Dec 1994 23:59:60 GMT", Date.UTC(1995, 0, 1) - NOW],
])("%j asks for %i ms", (value, expected) => {
  expect(parseRetryAfter(value, NOW)).toBe(expected);
});

test.each([
  ["absent", null],
  ["absent", undefined],
  ["empty", ""],
  ["zero", "0"],
  ["zero", "000"],
  ["negative", "-1"],
  ["a sign", "+1"],
  ["a fraction", "1.5"],
  ["an exponent", "1e3"],
  ["hexadecimal", "0x10"],
  ["a unit", "5s"],
  ["two values", "5, 10"],
  ["a word", "soon"],
  ["what Date.parse would take", "5 apples"],
  ["what Date.parse would take", "1994-11-06T08:49:37Z"],
  ["a zone that is not GMT", "Sun, 06 Nov 1994 08:49:37 PST"],
  ["no such month", "Sun, 06 Foo 1994 08:49:37 GMT"],
  ["no such day", "Wed, 31 Feb 2100 08:49:37 GMT"],
  ["no such hour", "Sun, 06 Nov 2100 24:49:37 GMT"],
  ["a date that has passed", "Sun, 06 Nov 1994 08:48:59 GMT"],
  ["now", "Sun, 06 Nov 1994 08:49:00 GMT"],
  ["digits of another script", "١٢٠"],
])("%s asks for nothing (%j)", (_why, value) => {
  expect(parseRetryAfter(value, NOW)).toBeUndefined();
});

test("a number beyond all bounds stays a finite wait", () => {
  expect(parseRetryAfter("9".repeat(400), NOW)).toBe(Number.MAX_SAFE_INTEGER);
});

test.each(["1", " ", "Sun, 06 Nov 1994 ", "0", "Sun", "1 "])(
  "1 MB of %j takes no longer than a glance",
  pattern => {
    const value = pattern.repeat(1_000_000 / pattern.length);
    const start = performance.now();
    parseRetryAfter(value, NOW);
    parseRetryAfter(`${value}x`, NOW);
    expect(performance.now() - start).toBeLessThan(500);
  },
);
