import { describe, expect, test } from "@skein/testkit";
import { argumentsSource } from "./arguments-source.ts";
import { canonicalUrl } from "./canonical-url.ts";
import { type DedupeMode, dedupedSource } from "./deduped-source.ts";
import { KeySet } from "./key-set.ts";
import type { SourceLine } from "./source.ts";

test.each([
  ["HTTP://Example.COM:80/a/./b/../c?B=1&a=2#top", "http://example.com/a/c?B=1&a=2"],
  ["https://example.com:443", "https://example.com/"],
  ["https://example.com/%7Euser/%c3%bc%2f", "https://example.com/~user/%C3%BC%2F"],
  ["https://example.com/ü?q=ü", "https://example.com/%C3%BC?q=%C3%BC"],
  ["https://bücher.example/", "https://xn--bcher-kva.example/"],
])("canonicalUrl(%s)", (url, expected) => {
  expect(canonicalUrl(url)).toBe(expected);
  expect(canonicalUrl(expected)).toBe(expected);
});

test("a set of keys knows what a Set knows", () => {
  const keys = new KeySet();
  const known = new Set<number>();
  for (let i = 0; i < 20_000; i++) {
    const key = 1 + ((i * i * 7_919 + i) % 9_007) + (i % 5 === 0 ? 2 ** 52 : 0);
    expect(keys.add(key)).toBe(!known.has(key));
    known.add(key);
  }
  expect(keys.size).toBe(known.size);
});

describe("a source without duplicates", () => {
  const urls = [
    "http://a.example",
    "http://A.example/",
    "http://a.example",
    "ftp://x",
    "http://b.example/#x",
    "b.example",
  ];

  async function linesOf(mode: DedupeMode, from = { offset: 0, line: 0 }): Promise<SourceLine[]> {
    const lines: SourceLine[] = [];
    for await (const block of dedupedSource(argumentsSource(urls), mode).blocks(from)) lines.push(...block);
    return lines;
  }

  test("by the URL in canonical form, and by how it is spelled", async () => {
    const items = (lines: SourceLine[]) =>
      lines.filter(({ kind }) => kind === "item").map(({ line }) => line);
    expect(items(await linesOf("url"))).toEqual([1, 5, 6]);
    expect(items(await linesOf("exact"))).toEqual([1, 2, 5, 6]);
  });

  test("gives the same from any position", async () => {
    const lines = await linesOf("url");
    expect(lines[1]).toMatchObject({ kind: "rejected", reason: "the same request as an earlier one" });
    for (const index of [0, 1, 2, 4]) {
      const { line, nextOffset } = lines[index]!;
      expect(await linesOf("url", { line, offset: nextOffset })).toEqual(lines.slice(index + 1));
    }
  });
});
