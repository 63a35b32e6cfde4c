import { describe, expect, test } from "@skein/testkit";
import { formatDuration, parseDuration } from "./duration.ts";
import { InvalidOption } from "./errors.ts";

test.each([
  [0, 0],
  [250, 250],
  ["250ms", 250],
  ["1.5s", 1_500],
  ["2m", 120_000],
  ["1h", 3_600_000],
])("%j is %d ms", (value, ms) => {
  expect(parseDuration(value, "timeout")).toBe(ms);
});

describe("what is no duration", () => {
  test.each([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "10",
    "s",
    "1 day",
    "-1s",
    "1s1s",
    {},
    null,
    true,
    5n,
  ])("%s", value => {
    expect(() => parseDuration(value, "timeout.read")).toThrow(InvalidOption);
    expect(() => parseDuration(value, "timeout.read")).toThrow(/timeout\.read: expected milliseconds/);
  });
});

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_000, "1 s"],
  [1_234, "1.2 s"],
  [60_000, "1 min"],
  [185_000, "3 min 5 s"],
])("%d ms reads %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
