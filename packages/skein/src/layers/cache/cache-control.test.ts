import { expect, test } from "@skein/testkit";
import { Headers } from "../../core/headers.ts";
import { directivesOf, secondsOf } from "./cache-control.ts";

test.each([
  [undefined, []],
  ["", []],
  ["no-store", [["no-store", ""]]],
  [
    "Max-Age=60, PRIVATE",
    [
      ["max-age", "60"],
      ["private", ""],
    ],
  ],
  [
    'max-age="60" , s-maxage = 5',
    [
      ["max-age", "60"],
      ["s-maxage", "5"],
    ],
  ],
  ["max-age=1, max-age=2", [["max-age", "1"]]],
  [",, public ,", [["public", ""]]],
])("Cache-Control: %s", (value, expected) => {
  const headers = Headers.from(value === undefined ? {} : { "cache-control": value });
  expect([...directivesOf(headers)]).toEqual(expected);
});

test.each([
  ["10", 10],
  ["0", 0],
  ["-1", 0],
  ["1.5", 0],
  ["soon", 0],
])("stale-if-error=%s is %d seconds", (value, seconds) => {
  const headers = Headers.from({ "cache-control": `stale-if-error=${value}` });
  expect(secondsOf(directivesOf(headers), "stale-if-error")).toBe(seconds);
});
