import { expect, test } from "@skein/testkit";
import { noPaint } from "./paint.ts";
import { renderTerminalBody } from "./terminal-body.ts";

const show = (type: string | null, body: string) =>
  renderTerminalBody(
    { headers: { get: () => type }, bytes: () => new TextEncoder().encode(body), text: () => body },
    noPaint,
  );

test("JSON is indented where its type says so", () => {
  expect(show("application/json; charset=utf-8", '{"a":1}')).toBe('{\n  "a": 1\n}\n');
  expect(show("application/problem+json", "[1]")).toBe("[\n  1\n]\n");
  expect(show("text/plain", '{"a":1}')).toBe('{"a":1}\n');
  expect(show("application/json", "not json")).toBe("not json\n");
});

test("text keeps its lines, and loses what steers a terminal", () => {
  expect(show(null, "a\tb\r\nc\n")).toBe("a\tb\r\nc\n");
  expect(show("text/plain", "\x1b]0;title\x07")).toBe("\ufffd]0;title\ufffd\n");
});

test("what is binary is named, not shown", () => {
  expect(show("image/png; x=y", "\0".repeat(2_000))).toBe(
    "(binary body, image/png, 2.0 kB: not shown on a terminal; use -o FILE, or a pipe)\n",
  );
});
