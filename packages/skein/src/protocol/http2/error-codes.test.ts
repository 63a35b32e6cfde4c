import { expect, test } from "@skein/testkit";
import { ERROR_CODES, errorCodeName } from "./error-codes.ts";

test("codes have the names and numbers of RFC 9113 §7; others are shown as they came", () => {
  expect(errorCodeName(0)).toBe("NO_ERROR");
  expect(errorCodeName(13)).toBe("HTTP_1_1_REQUIRED");
  expect(errorCodeName(14)).toBe("0xe");
  expect(errorCodeName(0xffffffff)).toBe("0xffffffff");
  for (const [name, code] of Object.entries(ERROR_CODES)) expect(errorCodeName(code)).toBe(name);
});
