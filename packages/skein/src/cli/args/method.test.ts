import { expect, test } from "@skein/testkit";
import { parseMethod } from "./method.ts";

test.each([
  ["GET", "GET"],
  ["post", "POST"],
  ["M-SEARCH", "M-SEARCH"],
])("%s is %s", (text, method) => {
  expect(parseMethod("-X", text)).toBe(method);
});

test.each(["", "GET /", "GET\r\nX: y", "GÉT"])("%j is refused", text => {
  expect(() => parseMethod("-X", text)).toThrow("-X: expected a method such as GET, POST or PROPFIND");
});
