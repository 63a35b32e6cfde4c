import { describe, expect, test } from "@skein/testkit";
import { FileError, UsageError } from "../exit-code.ts";
import { type PathKind, parseInput } from "./input.ts";

const FILES: Record<string, PathKind> = {
  "urls.txt": "file",
  list: "file",
  "example.com": "file",
  "/dev/fd/63": "pipe",
  lists: "directory",
};
const parse = (...args: string[]) => parseInput(args, path => FILES[path] ?? "missing");

describe("parseInput", () => {
  test.each([
    [["urls.txt"], { kind: "file", path: "urls.txt" }],
    [["list"], { kind: "file", path: "list" }],
    [["/dev/fd/63"], { kind: "pipe", path: "/dev/fd/63" }],
    [["-"], { kind: "stdin" }],
    [["https://example.com/a"], { kind: "urls", urls: ["https://example.com/a"] }],
    [["example.org"], { kind: "urls", urls: ["https://example.org"] }],
    [["example.org/urls.txt?x=1"], { kind: "urls", urls: ["https://example.org/urls.txt?x=1"] }],
    [["localhost:8080/x"], { kind: "urls", urls: ["https://localhost:8080/x"] }],
    [["127.0.0.1:80"], { kind: "urls", urls: ["https://127.0.0.1:80"] }],
    [
      ["https://a.example/", "b.example"],
      { kind: "urls", urls: ["https://a.example/", "https://b.example"] },
    ],
  ])("%j", (args, input) => {
    expect(parse(...args)).toEqual(input);
  });

  test("what exists is a file, whatever its name looks like", () => {
    expect(parse("example.com")).toEqual({ kind: "file", path: "example.com" });
  });

  test.each([
    [
      "missing.txt",
      "missing.txt: there is no such file (for a host of this name, write https://missing.txt)",
    ],
    ["./example.org", "there is no such file"],
    ["../x/urls", "there is no such file"],
    ["lists", "lists is a directory; expected a file with one URL a line"],
  ])("%s is a file error", (arg, message) => {
    expect(() => parse(arg)).toThrow(FileError);
    expect(() => parse(arg)).toThrow(message);
  });

  test.each([
    [[], "which URLs? Give one list"],
    [["nonsense"], '"nonsense" is neither a file that exists nor a URL such as https://example.com/path'],
    [["data/nonsense"], "is neither a file that exists nor a URL"],
    [["http://a b"], "is not a URL"],
    [["gopher://a.example"], 'the scheme "gopher" is not supported'],
    [["urls.txt", "https://example.com"], "urls.txt can't stand beside others: give one list"],
    [["https://example.com", "-"], "- can't stand beside others"],
    [["urls.txt", "list"], "to join lists: cat a b | skein fetch -"],
  ])("%j is refused", (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });
});
