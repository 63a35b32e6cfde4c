import { describe, expect, test } from "@skein/testkit";
import { formatCount, formatPercent, formatRate } from "./format-number.ts";

test("formatCount groups thousands", () => {
  expect([0, 999, 1_000, 12_345_678].map(formatCount)).toEqual(["0", "999", "1,000", "12,345,678"]);
});

test("formatRate keeps two figures of what is small", () => {
  expect([0, 0.034, 1.25, 9.96, 99.4, 100.4, 4_321.9].map(formatRate)).toEqual([
    "0",
    "0.034",
    "1.3",
    "10",
    "99",
    "100",
    "4,322",
  ]);
});

describe("formatPercent", () => {
  test.each([
    [0, 100, "0.0%"],
    [1, 100_000, "0.1%"],
    [617, 1_000, "61.7%"],
    [99_999, 100_000, "99.9%"],
    [100, 100, "100%"],
    [0, 0, "100%"],
  ])("%d of %d", (part, whole, text) => {
    expect(formatPercent(part, whole)).toBe(text);
  });
});
