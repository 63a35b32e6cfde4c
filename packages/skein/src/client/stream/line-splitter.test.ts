import { describe, expect, test } from "@skein/testkit";
import { LineSplitter } from "./line-splitter.ts";

function linesOf(chunks: readonly string[]): string[] {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap(chunk => splitter.push(chunk));
  const last = splitter.end();
  return last === undefined ? lines : [...lines, last];
}

describe("lines", () => {
  test.each<[chunks: string[], lines: string[]]>([
    [[], []],
    [["a"], ["a"]],
    [["a\n"], ["a"]],
    [
      ["a\r", "\n\r\nb\r\nc"],
      ["a", "", "b", "c"],
    ],
    [
      ["a\r", "b"],
      ["a", "b"],
    ],
    [
      ["a\r", "", "\nb"],
      ["a", "b"],
    ],
    [["\r\r\n\n"], ["", "", ""]],
    [["a\u2028b\u0085c\fd\ve"], ["a\u2028b\u0085c\fd\ve"]],
    [
      ["a", "b", "c\nd", "e"],
      ["abc", "de"],
    ],
  ])("%j are %j", (chunks, lines) => {
    expect(linesOf(chunks)).toEqual(lines);
  });

  test("are the same wherever the text is cut", () => {
    const text = "one\r\ntwo\rthree\n\n\r\r\nfour";
    const whole = linesOf([text]);
    expect(whole).toEqual(["one", "two", "three", "", "", "", "four"]);
    expect(linesOf([...text])).toEqual(whole);
    for (let cut = 0; cut <= text.length; cut++)
      expect(linesOf([text.slice(0, cut), text.slice(cut)])).toEqual(whole);
  });

  test("a CR ends its line at once, before it is known whether an LF follows", () => {
    expect(new LineSplitter().push("a\r")).toEqual(["a"]);
  });

  test("twice as long a line in the same chunks takes no more than about twice the work", () => {
    // Characters looked at, rather than time: each chunk is split once, and joined once.
    const chunk = "x".repeat(1_000);
    const splitter = new LineSplitter();
    for (let i = 0; i < 20_000; i++) expect(splitter.push(chunk)).toEqual([]);
    expect(splitter.openLength).toBe(20_000_000);
    expect(splitter.push("\n")[0]).toHaveLength(20_000_000);
  });
});
