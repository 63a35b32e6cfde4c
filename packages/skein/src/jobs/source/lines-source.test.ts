import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@skein/testkit";
import { linesSource } from "./lines-source.ts";
import type { Source, SourceLine } from "./source.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-lines-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function list(content: string | Uint8Array): string {
  const path = join(directory, "list.txt");
  writeFileSync(path, content);
  return path;
}

async function linesOf(source: Source, from = { offset: 0, line: 0 }): Promise<SourceLine[]> {
  const lines: SourceLine[] = [];
  for await (const block of source.blocks(from)) lines.push(...block);
  return lines;
}

describe("linesSource", () => {
  test("reads a list larger than a block, whole and from any position", async () => {
    const urls = Array.from({ length: 5_000 }, (_, i) => `http://h${i % 7}.example/${"p".repeat(i % 90)}`);
    const source = linesSource(list(`${urls.join("\n")}\n`));
    const lines = await linesOf(source);
    expect(lines.map(line => line.kind === "item" && line.request.url)).toEqual(urls);
    for (const index of [0, 1, 700, 2_500, 4_998, 4_999]) {
      const { nextOffset, line } = lines[index]!;
      expect(await linesOf(source, { offset: nextOffset, line })).toEqual(lines.slice(index + 1));
    }
    expect(await source.count()).toBe(5_000);
  });

  test("counts the lines that hold something", async () => {
    expect(await linesSource(list("a.example\r\n\r\n#x\n\nb.example\nmailto:x\nc.example")).count()).toBe(4);
    expect(await linesSource(list("")).count()).toBe(0);
  });

  test("its fingerprint changes with the content", async () => {
    const path = list("a.example\n");
    const before = await linesSource(path).fingerprint();
    expect(await linesSource(path).fingerprint()).toBe(before);
    list("a.example\nb.example\n");
    expect(await linesSource(path).fingerprint()).not.toBe(before);
  });

  test.each([
    ["a directory", () => directory, /it is a directory/],
    ["no file", () => join(directory, "nowhere.txt"), /there is no such file/],
    [
      "UTF-16",
      () => list(Buffer.from("\ufeffhttp://a.example/", "utf16le")),
      /UTF-16 text.*convert it to UTF-8/,
    ],
    ["gzip in gzip", () => list(gzipSync(gzipSync("http://a.example/"))), /gzip data.*unpack it first/],
  ])("can't be read: %s", async (_, path, message) => {
    const name = path();
    const reading = linesOf(linesSource(name));
    await expect(reading).rejects.toMatchObject({ name: "JobError", code: "SOURCE_UNREADABLE", path: name });
    await expect(reading).rejects.toThrow(message);
  });
});
