import { expect, test } from "@skein/testkit";
import { printable } from "./printable.ts";

test("one line, and nothing that steers a terminal", () => {
  expect(printable("a\r\n\tb")).toBe("a b");
  expect(printable("\x1b[2J\x07x\x9b1A")).toBe("\ufffd[2J\ufffdx\ufffd1A");
  expect(printable("abc\u202egnp.exe")).toBe("abc\ufffdgnp.exe");
  expect(printable("naïve 日本 🦆")).toBe("naïve 日本 🦆");
});
