import { describe, expect, test } from "@skein/testkit";
import { LineReader } from "./line-reader.ts";
import type { SourceLine } from "./source.ts";

const START = { offset: 0, line: 0 };

function readIn(chunks: readonly Buffer[], from = START): SourceLine[] {
  const reader = new LineReader(from);
  return [...chunks.flatMap(chunk => reader.push(chunk)), ...reader.end()];
}

function shown(lines: readonly SourceLine[]): string[] {
  return lines.map(
    line => `${line.line} ${line.nextOffset} ${line.kind === "item" ? line.request.url : line.reason}`,
  );
}

const LIST = Buffer.concat([
  Buffer.from("\ufeffhttp://a.example/ä\r\n\r\n# comment\nb.example\n"),
  Buffer.from([0x68, 0xff, 0xfe, 0x0a]),
  Buffer.from("ftp://c.example/\n   \nhttp://d.example/"),
]);

describe("lines", () => {
  test("are numbered from 1, and know where the next one begins", () => {
    expect(shown(readIn([LIST]))).toEqual([
      "1 24 http://a.example/ä",
      "4 46 https://b.example",
      "5 50 not UTF-8",
      '6 67 the scheme "ftp" in "ftp://c.example/" is not supported; expected http or https',
      "8 88 http://d.example/",
    ]);
  });

  test("are the same wherever the bytes are cut", () => {
    const whole = readIn([LIST]);
    const byBytes = [...LIST].map(byte => Buffer.from([byte]));
    expect(readIn(byBytes)).toEqual(whole);
    for (let cut = 0; cut <= LIST.length; cut++) {
      expect(readIn([LIST.subarray(0, cut), LIST.subarray(cut)])).toEqual(whole);
    }
  });

  test("go on from every position that they gave", () => {
    const whole = readIn([LIST]);
    whole.forEach((line, index) => {
      const from = { offset: line.nextOffset, line: line.line };
      expect(readIn([LIST.subarray(from.offset)], from)).toEqual(whole.slice(index + 1));
    });
  });

  test("longer than 16 MiB are rejected, and the next one is read", () => {
    const long = Buffer.alloc(17 * 1024 * 1024, "x");
    const chunks: Buffer[] = [];
    for (let at = 0; at < long.length; at += 65_536) chunks.push(long.subarray(at, at + 65_536));
    const lines = readIn([Buffer.from("a.example\nb.example/"), ...chunks, Buffer.from("\nc.example\n")]);
    expect(lines.map(line => line.kind)).toEqual(["item", "rejected", "item"]);
    expect(lines[1]).toMatchObject({ line: 2, reason: "longer than 16777216 bytes" });
    expect(lines[2]).toMatchObject({ line: 3, request: { url: "https://c.example" } });
    expect((lines[1] as { text: string }).text.startsWith("b.example/xxx")).toBe(true);
  });

  test("that only the file's end cuts off are told too long as well", () => {
    expect(readIn([Buffer.alloc(17 * 1024 * 1024, "x")])).toMatchObject([{ kind: "rejected", line: 1 }]);
  });

  test("none: nothing", () => {
    expect(readIn([])).toEqual([]);
    expect(readIn([Buffer.from("\n\n# only a comment")])).toEqual([]);
  });
});
