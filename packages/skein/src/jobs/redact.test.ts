import { describe, expect, test } from "@skein/testkit";
import { shownLine } from "./redact.ts";

describe("a line that is shown", () => {
  test.each([
    "http://user:canary@h.example/",
    "http://canary@h.example/ x",
    "http://h.example/?api_key=canary&x=1",
    "http://h.example/?x=1&access_token=canary",
    '{"headers":{"Authorization":"Bearer canary',
    '{"headers":{"x-api-key": "a\\"canary"}}',
    `{"x":"${"y".repeat(190)}","token":"canary"}`,
  ])("%s", line => {
    expect(shownLine(line, 200)).not.toContain("canary");
  });

  test("is cut", () => {
    expect(shownLine("x".repeat(300), 200)).toBe(`${"x".repeat(200)}…`);
  });
});
