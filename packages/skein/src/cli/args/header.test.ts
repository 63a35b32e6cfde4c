import { describe, expect, test } from "@skein/testkit";
import { UsageError } from "../exit-code.ts";
import { joinHeaders, parseHeader } from "./header.ts";

describe("parseHeader", () => {
  test.each([
    ["Accept: text/html", ["Accept", "text/html"]],
    ["X-A:b", ["X-A", "b"]],
    ["X-A: \t b:c \t", ["X-A", "b:c"]],
    ["X-Empty;", ["X-Empty", ""]],
    ["Accept:", ["Accept", null]],
    ["__proto__: x", ["__proto__", "x"]],
  ])("%j", (text, header) => {
    expect(parseHeader(text)).toEqual(header);
  });

  test.each([
    ["no colon", 'expected "Name: value"; there is no colon'],
    [": value", '"" is no header name'],
    ["Two words: x", '"Two words" is no header name'],
    ["X-A : b", '"X-A " is no header name'],
    ["Ünï: x", "is no header name"],
    ["X: a\r\nEvil: b", "the value of X holds a line break, which would begin another header"],
    ["X: a\n", "the value of X holds a line break"],
    ["X\r\nEvil: b", "is no header name"],
    ["X: a\0b", "the value of X holds a control character"],
    ["X: naïve", "the value of X holds a character beyond ASCII"],
  ])("%j is refused", (text, message) => {
    expect(() => parseHeader(text)).toThrow(UsageError);
    expect(() => parseHeader(text)).toThrow(message);
  });

  test("a refused value does not appear in the message: it may be a secret", () => {
    const message = messageOf(() => parseHeader("Authorization: Bearer hunter2\r\n"));
    expect(message).toContain("Authorization");
    expect(message).not.toContain("hunter2");
  });
});

describe("joinHeaders", () => {
  test("joins fields of one name, whatever its case; cookies with a semicolon", () => {
    const headers = ["Accept: a", "accept: b", "Cookie: x=1", "cookie: y=2", "X: 1"].map(parseHeader);
    expect(joinHeaders(headers)).toEqual({ Accept: "a, b", Cookie: "x=1; y=2", X: "1" });
  });

  test("a removal is kept, and undone by a value that follows", () => {
    expect(joinHeaders([parseHeader("Accept:")])).toEqual({ Accept: null });
    expect(joinHeaders(["Accept:", "Accept: a"].map(parseHeader))).toEqual({ Accept: "a" });
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected a throw");
}
