import { describe, expect, test } from "@skein/testkit";
import { isSecretHeader, shownLine, withoutUserinfo } from "./redact.ts";

test("user name and password leave a URL, and nothing else does", () => {
  expect(withoutUserinfo("http://user:pw@h.example/p?q=a@b")).toBe("http://h.example/p?q=a@b");
  expect(withoutUserinfo("http://h.example/p@q?to=http://x:y@z/")).toBe("http://h.example/p@q?to=http://z/");
  expect(withoutUserinfo("http://h.example/p@q")).toBe("http://h.example/p@q");
});

test.each(["Authorization", "cookie", "X-Api-Key", "x-auth-token", "Proxy-Authorization", "X-Amz-Signature"])(
  "%s holds a credential",
  name => {
    expect(isSecretHeader(name)).toBe(true);
  },
);

test.each(["accept", "content-type", "user-agent", "x-request-id"])("%s holds none", name => {
  expect(isSecretHeader(name)).toBe(false);
});

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
