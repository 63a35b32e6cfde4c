import { describe, expect, test } from "@skein/testkit";
import { mostOf, parseConcurrency } from "./concurrency.ts";

const range = { min: 1, max: 500 };

describe("parseConcurrency", () => {
  test.each([
    ["1", 1],
    ["500", 500],
    ["auto", "auto"],
  ])("%s is %s", (text, value) => {
    expect(parseConcurrency("-j", text, range)).toBe(value);
  });

  test.each(["Auto", "many", "", "-1", "1.5"])("%j is refused", text => {
    expect(() => parseConcurrency("-j", text, range)).toThrow(
      `-j: expected a whole number from 1 to 500, or auto; got ${JSON.stringify(text)}`,
    );
  });

  test("auto has a bound, too", () => {
    expect([mostOf("auto"), mostOf(7)]).toEqual([2_048, 7]);
  });
});
