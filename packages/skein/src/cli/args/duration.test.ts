import { describe, expect, test } from "@skein/testkit";
import { parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  test.each([
    ["250ms", 250],
    ["10s", 10_000],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["1h", 3_600_000],
  ])("%s is %d ms", (text, milliseconds) => {
    expect(parseDuration("--timeout", text)).toBe(milliseconds);
  });

  test("a bare number is asked about, not guessed", () => {
    expect(() => parseDuration("--timeout", "30")).toThrow(
      "--timeout: 30 of what? Write 30s for seconds, 30ms for milliseconds",
    );
  });

  test.each(["", "0s", "0.1ms", "-5s", "soon", "10 s", "1d", "600h"])("%j is refused", text => {
    expect(() => parseDuration("--timeout", text)).toThrow(
      /--timeout: expected a duration from 1ms to 24h, such as 500ms, 30s or 2m; got/,
    );
  });
});
