import { describe, expect, test } from "@skein/testkit";
import { parseStatusSet } from "./status-set.ts";

const FLAG = "--accept-status";

describe("parseStatusSet", () => {
  test.each([
    ["2xx", [200, 204, 299], [199, 300, 404]],
    ["2XX,404", [200, 404], [403, 405]],
    ["200-204, 304", [200, 204, 304], [205, 303]],
    ["500", [500], [200, 501]],
    ["200 - 210,205-220", [200, 215, 220], [221]],
  ])("%s", (text, inside, outside) => {
    const accepts = parseStatusSet(FLAG, text);
    expect(inside.filter(status => !accepts(status))).toEqual([]);
    expect(outside.filter(accepts)).toEqual([]);
  });

  test.each(["", "ok", "2xx,", "299-200", "1xx", "6xx", "99", "1000", "200-", "2x"])(
    "%j is refused",
    text => {
      expect(() => parseStatusSet(FLAG, text)).toThrow(
        `--accept-status: expected statuses, classes and ranges from 200 to 599, such as 2xx,404 or 200-299,304; got ${JSON.stringify(text)}`,
      );
    },
  );
});
