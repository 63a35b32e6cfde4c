import { describe, expect, test } from "@skein/testkit";
import { parseSize } from "./size.ts";

describe("parseSize", () => {
  test.each([
    ["1", 1],
    ["500b", 500],
    ["1kb", 1_000],
    ["64kib", 65_536],
    ["1mb", 1_000_000],
    ["1.5MB", 1_500_000],
    ["10 MiB", 10_485_760],
    ["2gib", 2_147_483_648],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize("--max-body", text)).toBe(bytes);
  });

  test.each(["0", "0.1b", "", "mb", "-1mb", "1tb", "1k", "1ib", "ten", "1e9", "9".repeat(20)])(
    "%j is refused",
    text => {
      expect(() => parseSize("--max-body", text)).toThrow("--max-body: expected a size of at least one byte");
    },
  );
});
