import { JobError } from "../../jobs/job-error.ts";
import type { ListBytes } from "../../jobs/source/list-bytes.ts";
import { type SitemapEntry, sitemapParts } from "../../jobs/source/sitemap-entries.ts";

// sitemaps.org, "Sitemap index files": 50,000 entries and 52,428,800 bytes (unpacked) a file, also of an index.
const MOST_ENTRIES = 50_000;
const MOST_BYTES = 52_428_800;

/** Where sitemaps come from, and who is told of one that is larger than the protocol allows. */
export interface SitemapWorld {
  open(url: string): ListBytes;
  warn(message: string): void;
}

/**
 * The entries of a sitemap, or of all those that an index names, as lines of JSON in their order; of an index, `meta.sitemap` is where
 * an entry stands. What is no URL goes along: the job rejects it, as of any list.
 *
 * @throws JobError naming the sitemap, and the line, where one can't be read
 */
export async function* sitemapLines(url: string, world: SitemapWorld): AsyncGenerator<string> {
  const named: SitemapEntry[] = [];
  for await (const { isIndex, entries } of measuredParts(url, world)) {
    if (isIndex) named.push(...entries);
    else yield linesOf(entries, {});
  }
  for (const entry of named) yield* linesOfNamed(entry, url, world);
}

async function* linesOfNamed(
  entry: SitemapEntry,
  index: string,
  world: SitemapWorld,
): AsyncGenerator<string> {
  const sitemap = urlIn(entry, index);
  for await (const { isIndex, entries } of measuredParts(sitemap, world)) {
    if (isIndex)
      throw unreadable(sitemap, `it is an index itself, and ${index} names it: an index names sitemaps only`);
    yield linesOf(entries, { sitemap });
  }
}

function urlIn({ loc, number }: SitemapEntry, index: string): string {
  const url = URL.parse(loc);
  if (url?.protocol === "https:" || url?.protocol === "http:") return url.href;
  throw unreadable(index, `its entry ${number} is no URL of a sitemap: ${JSON.stringify(loc)}`);
}

function linesOf(entries: readonly SitemapEntry[], more: Readonly<Record<string, string>>): string {
  return entries.map(({ loc, meta }) => `${lineOf(loc, { ...meta, ...more })}\n`).join("");
}

function lineOf(url: string, meta: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.keys(meta).length === 0 ? { url } : { url, meta });
}

async function* measuredParts(url: string, world: SitemapWorld) {
  const list = world.open(url);
  let bytes = 0;
  let count = 0;
  const counted: ListBytes = {
    ...list,
    async *chunks(offset) {
      for await (const chunk of list.chunks(offset)) {
        bytes += chunk.length;
        yield chunk;
      }
    },
  };
  for await (const part of sitemapParts(counted)) {
    count += part.entries.length;
    yield part;
  }
  if (count > MOST_ENTRIES) world.warn(`${url} has ${count} entries; the protocol allows ${MOST_ENTRIES}`);
  if (bytes > MOST_BYTES) world.warn(`${url} has ${bytes} bytes; the protocol allows ${MOST_BYTES}`);
}

function unreadable(url: string, reason: string): JobError {
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${url}: ${reason}`);
}
