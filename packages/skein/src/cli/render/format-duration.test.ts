import { expect, test } from "@skein/testkit";
import { formatDuration } from "./format-duration.ts";

test.each([
  [0, "0 ms"],
  [0.04, "0 ms"],
  [0.44, "0.4 ms"],
  [3, "3 ms"],
  [9.96, "10 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [1_240, "1.2 s"],
  [9_949, "9.9 s"],
  [9_951, "10 s"],
  [59_499, "59 s"],
  [59_600, "1 min"],
  [185_000, "3 min 5 s"],
  [3_599_600, "1 h"],
  [7_800_000, "2 h 10 min"],
  [360_000_000, "100 h"],
])("%d ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
