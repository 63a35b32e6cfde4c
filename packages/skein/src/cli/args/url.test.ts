import { describe, expect, test } from "@skein/testkit";
import { parseUrlArgument, quoted } from "./url.ts";

describe("parseUrlArgument", () => {
  test.each([
    ["https://example.com/a?b=c", "https://example.com/a?b=c"],
    ["HTTP://example.com", "HTTP://example.com"],
    ["example.com/a", "https://example.com/a"],
    ["localhost:8080", "https://localhost:8080"],
    ["[::1]:80/x", "https://[::1]:80/x"],
  ])("%s is %s", (text, url) => {
    expect(parseUrlArgument(text)).toBe(url);
  });

  test.each([
    [
      "ftp://example.com/a",
      '"ftp://example.com/a": the scheme "ftp" is not supported; expected http or https',
    ],
    ["file:///etc/passwd", 'the scheme "file" is not supported'],
    ["https://", '"https://" is not a URL; expected one such as https://example.com/path'],
    ["http://a b/", "is not a URL"],
    ["https://example.com:99999/", "is not a URL"],
    ["", '"" is not a URL'],
    ["javascript:alert(1)", "is not a URL"],
  ])("%j is refused", (text, message) => {
    expect(() => parseUrlArgument(text)).toThrow(message);
  });

  test("a message holds no password", () => {
    expect(quoted("https://ada:hunter2@example.com:99999/")).toBe('"https://***@example.com:99999/"');
  });
});
