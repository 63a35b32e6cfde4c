import { describe, expect, test } from "@skein/testkit";
import { UsageError } from "../exit-code.ts";
import { parseInteger } from "./integer.ts";

const range = { min: 1, max: 500 };

describe("parseInteger", () => {
  test.each([
    ["1", 1],
    ["50", 50],
    ["007", 7],
    ["500", 500],
  ])("%s is %d", (text, value) => {
    expect(parseInteger("-j", text, range)).toBe(value);
  });

  test.each(["0", "501", "-1", "abc", "", " 1", "1.5", "1e2", "0x10", "9".repeat(40)])(
    "%j is refused",
    text => {
      const attempt = () => parseInteger("-j", text, range);
      expect(attempt).toThrow(UsageError);
      expect(attempt).toThrow(`-j: expected a whole number from 1 to 500; got ${JSON.stringify(text)}`);
    },
  );
});
