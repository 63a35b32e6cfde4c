import { describe, expect, test } from "@skein/testkit";
import { parseRate } from "../../policy/rate.ts";
import { UsageError } from "../exit-code.ts";
import { parseRateFlag } from "./rate.ts";

describe("parseRateFlag", () => {
  test.each(["100/s", "0.5/s", "5/2s", "6000/min", "1/250ms", "3/h", "1/d"])(
    "%s is one, also for the library",
    text => {
      expect(parseRateFlag("--rate", text)).toBe(text);
      expect(parseRate(text, "rate").per).toBeGreaterThan(0);
    },
  );

  test.each(["", "100", "0/s", "-1/s", "1/0s", "fast", "1/fortnight", "1e3/s", "1 / s"])(
    "%j is refused",
    text => {
      const attempt = () => parseRateFlag("--rate", text);
      expect(attempt).toThrow(UsageError);
      expect(attempt).toThrow(
        `--rate: expected so many a time, such as 100/s, 5/2s or 6000/min; got ${JSON.stringify(text)}`,
      );
    },
  );
});
