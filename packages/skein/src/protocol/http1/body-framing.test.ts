import { describe, expect, test } from "@skein/testkit";
import { bodyFraming } from "./body-framing.ts";

const ABSENT = -1;

describe("bodyFraming, RFC 9112 §6.3", () => {
  test.each([
    // method, status, minor version, content-length, chunked
    ["GET", 200, 1, 5, true, "both-fields"],
    ["HEAD", 304, 1, 0, true, "both-fields"],
    ["GET", 200, 0, ABSENT, true, "chunked-in-http-1.0"],
    ["HEAD", 200, 0, ABSENT, true, "chunked-in-http-1.0"],
    ["HEAD", 200, 1, 5, false, "none"],
    ["HEAD", 200, 1, ABSENT, true, "none"],
    ["HEAD", 404, 1, ABSENT, false, "none"],
    ["GET", 100, 1, 5, false, "none"],
    ["GET", 199, 1, ABSENT, true, "none"],
    ["GET", 204, 1, 5, false, "none"],
    ["GET", 304, 1, ABSENT, true, "none"],
    ["CONNECT", 200, 1, 5, false, "tunnel"],
    ["CONNECT", 299, 1, ABSENT, true, "tunnel"],
    ["CONNECT", 300, 1, 5, false, "sized"],
    ["CONNECT", 407, 1, ABSENT, false, "until-close"],
    ["GET", 200, 1, ABSENT, true, "chunked"],
    ["GET", 200, 1, 5, false, "sized"],
    ["POST", 201, 0, 0, false, "sized"],
    ["GET", 205, 1, ABSENT, false, "until-close"],
    ["head", 200, 1, ABSENT, false, "until-close"],
    ["GET", 999, 1, ABSENT, false, "until-close"],
  ] as const)(
    "%s %i HTTP/1.%i, length %i, chunked %s: %s",
    (method, status, minorVersion, contentLength, chunked, framing) => {
      expect(bodyFraming(method, { status, minorVersion }, { contentLength, chunked })).toBe(framing);
    },
  );
});
