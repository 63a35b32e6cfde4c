import { Readable } from "node:stream";
import { expect, test } from "@skein/testkit";
import { streamBytes } from "../../jobs/source/list-bytes.ts";
import { sitemapLines } from "./sitemap-lines.ts";

/** How many lines come of one sitemap, and what is warned of. */
async function read(content: Iterable<Buffer>) {
  const warnings: string[] = [];
  const open = (url: string) => streamBytes(Readable.from(content), url);
  let lines = 0;
  for await (const text of sitemapLines("https://a.example/s.xml", {
    open,
    warn: text => warnings.push(text),
  }))
    lines += text.split("\n").length - 1;
  return { lines, warnings };
}

const sitemap = (count: number) =>
  Buffer.from(`<urlset>${"<url><loc>https://a.example/</loc></url>".repeat(count)}</urlset>`);

test("as many entries as the protocol allows", async () => {
  expect(await read([sitemap(50_000)])).toEqual({ lines: 50_000, warnings: [] });
});

test("more of them are a warning, and are read", async () => {
  expect(await read([sitemap(50_001)])).toEqual({
    lines: 50_001,
    warnings: ["https://a.example/s.xml has 50001 entries; the protocol allows 50000"],
  });
});

test("more bytes are a warning", async () => {
  const spaces = Array.from({ length: 51 }, () => Buffer.alloc(1_048_576, " "));
  const { lines, warnings } = await read([
    Buffer.from("<urlset>"),
    ...spaces,
    Buffer.from("<url><loc>https://a.example/</loc></url></urlset>"),
  ]);
  expect({ lines, warnings }).toEqual({
    lines: 1,
    warnings: [
      expect.stringMatching(/^https:\/\/a\.example\/s\.xml has 53\d+ bytes; the protocol allows 52428800$/),
    ],
  });
});
