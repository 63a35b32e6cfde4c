import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { brotliCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@skein/testkit";
import { stringify } from "csv-stringify/sync";
import { parquetWriteFile } from "hyparquet-writer";
import { isRefusedHere, NO_ZSTD } from "../../../test/zstd-lists.ts";
import { type ListOptions, listSource, streamSource } from "./list-source.ts";
import type { Source, SourceLine } from "./source.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-list-"));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function written(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function linesOf(source: Source, from = { offset: 0, line: 0 }): Promise<SourceLine[]> {
  const lines: SourceLine[] = [];
  for await (const block of source.blocks(from)) lines.push(...block);
  return lines;
}

const read = (path: string, options?: ListOptions) => linesOf(listSource(path, options));
const reason = (path: string, options?: ListOptions) =>
  read(path, options).then(
    () => "it could be read",
    (error: Error) => error.message,
  );

describe("a table", () => {
  const rows = Array.from({ length: 3_000 }, (_, i) => [
    i % 3 === 0 ? `a "name",\r\nin lines ${i}` : `name ${i}`,
    `https://example.com/${i}?ü`,
    `id-${i}`,
    "",
  ]);

  test.each([
    ["csv", ",", "\r\n"],
    ["csv", ",", "\n"],
    ["tsv", "\t", "\n"],
  ])("%s, with %j and %j, as another program writes it", async (name, delimiter, record_delimiter) => {
    const text = stringify(rows, {
      header: true,
      bom: true,
      columns: ["name", "URL", "id", "empty"],
      delimiter,
      record_delimiter,
    });
    const source = listSource(written(`table.${name}`, text));
    const lines = await linesOf(source);
    expect(lines).toHaveLength(rows.length);
    for (const [index, [title, url, id]] of rows.entries()) {
      const meta = { name: title, empty: "" };
      expect(lines[index]).toMatchObject({ kind: "item", line: index + 2, id, request: { url }, meta });
    }
    for (const index of [0, 1, 1_499, 2_998, 2_999]) {
      const { nextOffset, line } = lines[index]!;
      expect(await linesOf(source, { offset: nextOffset, line })).toEqual(lines.slice(index + 1));
    }
  });

  test("its column of URLs by name, by number, and without a header", async () => {
    const path = written("sites.csv", "site,n\nexample.com,1\nexample.org/a,2\n");
    const urls = (lines: SourceLine[]) => lines.map(line => line.kind === "item" && line.request.url);
    const expected = ["https://example.com", "https://example.org/a"];
    expect(urls(await read(path, { urlColumn: "Site" }))).toEqual(expected);
    expect(urls(await read(path, { urlColumn: 1 }))).toEqual(expected);
    const bare = await read(written("bare.csv", "1,http://a.example\n2,b.example\n"), { urlColumn: 2 });
    expect(bare).toMatchObject([
      { line: 1, request: { url: "http://a.example" }, meta: { 1: "1" } },
      { line: 2, request: { url: "https://b.example" }, meta: { 1: "2" } },
    ]);
    expect(await read(written("one.csv", "website\na.example\n"))).toMatchObject([
      { line: 2, request: { url: "https://a.example" } },
    ]);
  });

  test("rows that are no requests are rejected, with their number", async () => {
    const path = written(
      "bad.csv",
      'url,name\nhttp://a.example,"x"y\n,nothing\nftp://b.example\nc.example,1,2\n',
    );
    expect(await read(path)).toMatchObject([
      { kind: "item", line: 2 },
      { kind: "rejected", line: 3, reason: 'the column of URLs, "url", is empty', text: ",nothing" },
      { kind: "rejected", line: 4, reason: expect.stringContaining("ftp") },
      { kind: "item", line: 5, meta: { name: "1", 3: "2" } },
    ]);
  });

  test("that has no such column, or a quote without an end, is refused by its name", async () => {
    const path = written("names.csv", "a,b\n1,2\n");
    expect(await reason(path)).toBe(
      `can't read the list ${path}: no column is called "url": say which one holds the URLs; its columns are "a", "b"`,
    );
    expect(await reason(path, { urlColumn: "c" })).toMatch(
      /there is no column "c"; its columns are "a", "b"/,
    );
    expect(await reason(path, { urlColumn: 3 })).toMatch(/there is no column 3; its columns are/);
    expect(await reason(written("open.csv", 'url\n"http://a.example\nhttp://b.example\n'))).toMatch(
      /open\.csv: Quote Not Closed/,
    );
  });

  test("comes in as a stream as well", async () => {
    const source = streamSource(Readable.from(["u", "rl\na.exam", "ple\n", "b.example"]), "<stdin>", {
      format: "csv",
    });
    expect((await linesOf(source)).map(({ line }) => line)).toEqual([2, 3]);
  });
});

describe("a packed list", () => {
  const text = Array.from({ length: 20_000 }, (_, i) => `https://example.com/${i * 7919}\n`).join("");
  const half = text.indexOf("\n", text.length / 2) + 1;
  const packings = [
    ["gz", (bytes: string) => execFileSync("gzip", ["-c"], { input: bytes })],
    ["zst", (bytes: string) => execFileSync("zstd", ["-c", "-q"], { input: bytes })],
    ["br", (bytes: string) => brotliCompressSync(bytes)],
  ] as const;

  test.for(packings)(
    "%s, as its own program packs it, is read from any position",
    async ([suffix, pack], { skip }) => {
      skip(isRefusedHere(suffix), NO_ZSTD);
      const source = listSource(written(`urls.txt.${suffix}`, pack(text)));
      const lines = await linesOf(source);
      expect(lines.map(line => line.kind === "item" && `${line.request.url}\n`).join("")).toBe(text);
      const { nextOffset, line } = lines[12_345]!;
      expect(await linesOf(source, { offset: nextOffset, line })).toEqual(lines.slice(12_346));
      expect(await source.count()).toBe(20_000);
    },
  );

  test.for(packings.slice(0, 2))("%s, in several members", async ([suffix, pack], { skip }) => {
    skip(isRefusedHere(suffix), NO_ZSTD);
    const path = written(
      `parts.${suffix}`,
      Buffer.concat([pack(text.slice(0, half)), pack(text.slice(half))]),
    );
    expect(await read(path)).toHaveLength(20_000);
  });

  test.for(packings)(
    "%s that was cut is refused with its name and the place",
    async ([suffix, pack], { skip }) => {
      skip(isRefusedHere(suffix), NO_ZSTD);
      const packed = pack(text);
      for (const length of [7, packed.length >> 1, packed.length - 1]) {
        const path = written(`cut.${suffix}`, packed.subarray(0, length));
        expect(await reason(path)).toMatch(
          new RegExp(
            `^can't read the list ${path}: its \\w+ data ends early, at byte ${length}: the file was cut$`,
          ),
        );
      }
    },
  );

  test.for(packings)(
    "%s that something else follows, or that is damaged",
    async ([suffix, pack], { skip }) => {
      skip(isRefusedHere(suffix), NO_ZSTD);
      const packed = pack(text);
      const path = written(`more.${suffix}`, Buffer.concat([packed, Buffer.from("more of it")]));
      expect(await reason(path)).toMatch(
        /more\.\w+: (?:its \w+ data (?:is damaged near byte|ends early)|at byte \d+ its)/,
      );
      const flipped = Buffer.from(packed);
      flipped.fill(0xff, flipped.length >> 1, (flipped.length >> 1) + 16);
      expect(await reason(written(`flipped.${suffix}`, flipped))).toMatch(
        /its \w+ data (?:is damaged|ends early)/,
      );
    },
  );

  test("is known by its first bytes, and must be what its name says", async () => {
    const path = written("packed", readFileSync(join(directory, "urls.txt.gz")));
    expect(await read(path)).toHaveLength(20_000);
    expect(await reason(written("plain.gz", "http://a.example\n"))).toMatch(
      /its name ends in \.gz, but it does not begin as gzip data does/,
    );
    const table = written("t.csv.gz", execFileSync("gzip", ["-c"], { input: "url\na.example\n" }));
    expect(await read(table)).toMatchObject([{ line: 2 }]);
  });

  test("comes in as a stream as well", async ({ skip }) => {
    skip(isRefusedHere("zst"), NO_ZSTD);
    const packed = packings[1][1](text);
    const source = streamSource(Readable.from([packed.subarray(0, 3), packed.subarray(3)]), "<stdin>");
    expect(await linesOf(source)).toHaveLength(20_000);
  });
});

describe("a Parquet file", () => {
  const urls = Array.from({ length: 2_500 }, (_, i) => `https://example.com/${i}`);

  test("is read by row groups, from any row, with what JSON can hold of it", async () => {
    const path = join(directory, "rows.parquet");
    parquetWriteFile({
      filename: path,
      rowGroupSize: 1_000,
      columnData: [
        { name: "id", data: urls.map((_, i) => i * 2), type: "INT32" },
        { name: "big", data: urls.map((_, i) => BigInt(i)), type: "INT64" },
        { name: "site", data: urls, type: "STRING" },
        { name: "at", data: urls.map((_, i) => new Date(i * 1000)), type: "TIMESTAMP" },
      ],
    });
    const source = listSource(path, { urlColumn: "site" });
    const lines = await linesOf(source);
    expect(lines.map(line => line.kind === "item" && line.request.url)).toEqual(urls);
    const meta = { big: 1_234, at: new Date(1_234_000).toISOString() };
    expect(lines[1_234]).toMatchObject({ line: 1_235, id: 2_468, meta });
    const { nextOffset, line } = lines[1_234]!;
    expect(await linesOf(source, { offset: nextOffset, line })).toEqual(lines.slice(1_235));
    expect(await source.count()).toBe(2_500);
    expect(await reason(path)).toMatch(
      /no column is called "url".*its columns are "id", "big", "site", "at"/,
    );
  });

  test("an id that is missing in a column of numbers is none: the row goes by its place", async () => {
    const path = join(directory, "ids.parquet");
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: "id", data: [1.5, Number.NaN, Number.POSITIVE_INFINITY], type: "DOUBLE" },
        { name: "url", data: urls.slice(0, 3), type: "STRING" },
      ],
    });
    const ids = (await linesOf(listSource(path))).map(line => line.kind === "item" && line.id);
    expect(ids).toEqual([1.5, undefined, undefined]);
  });

  test("that is none is refused, and so is a stream", async () => {
    expect(await reason(written("none.parquet", "PAR1 and nothing else"))).toMatch(/it is no Parquet/);
    expect(await reason(written("named.txt", "PAR1 and nothing else"))).toMatch(/say that it is Parquet/);
    expect(() => streamSource(Readable.from([]), "<stdin>", { format: "parquet" })).toThrow(/must be a file/);
  });
});

describe("a sitemap", () => {
  const entry = (loc: string, more = "") => `<url>\n<loc> ${loc} </loc>${more}</url>`;
  const sitemap = (entries: string) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="x">${entries}</urlset>`;

  test("gives its entries, with what they say of themselves; packed as well", async () => {
    const image = "<image:image><image:loc>https://img.example/</image:loc></image:image>";
    const text = sitemap(
      entry("https://example.com/?a=1&amp;b=ü", `<lastmod>2026-01-02</lastmod>${image}`) +
        entry("ftp://example.com/") +
        entry("<![CDATA[https://example.com/2]]>"),
    );
    const expected = [
      { line: 1, request: { url: "https://example.com/?a=1&b=ü" }, meta: { lastmod: "2026-01-02" } },
      { line: 2, kind: "rejected" },
      { line: 3, request: { url: "https://example.com/2" } },
    ];
    expect(await read(written("sitemap.xml", text))).toMatchObject(expected);
    const source = listSource(written("sitemap.xml.gz", execFileSync("gzip", ["-c"], { input: text })));
    expect(await linesOf(source)).toMatchObject(expected);
    expect(await linesOf(source, { offset: 1, line: 1 })).toMatchObject(expected.slice(1));
    expect(await source.count()).toBe(3);
  });

  test("with many entries, in whatever pieces it comes", async () => {
    const text = sitemap(
      Array.from({ length: 5_000 }, (_, i) => entry(`https://example.com/ö/${i}`)).join(""),
    );
    const bytes = Buffer.from(text);
    const pieces = Array.from({ length: bytes.length / 997 + 1 }, (_, i) =>
      bytes.subarray(i * 997, i * 997 + 997),
    );
    const source = streamSource(Readable.from(pieces), "<stdin>", { format: "sitemap" });
    expect(await linesOf(source)).toHaveLength(5_000);
  });

  test.each([
    ["an index", "<sitemapindex><sitemap/></sitemapindex>", /it is an index, which names other sitemaps/],
    ["HTML", "<html><body/></html>", /its root is <html>, not <urlset>/],
    ["cut", "<urlset><url><loc>https://example.com</loc></url><url>", /unclosed root tag|unexpected end/],
    [
      "a text that does not end",
      sitemap(entry("x".repeat(70_000))),
      /the text of <loc> is longer than 65536 characters/,
    ],
    ["a thousand elements deep", "<urlset>".repeat(1_000), /elements stand more than 100 deep/],
    ["not well-formed", "<urlset><url></loc></urlset>", /unexpected close tag|unmatched/],
  ])("%s is refused", async (_, text, message) => {
    expect(await reason(written("bad.xml", text))).toMatch(message);
  });
});
