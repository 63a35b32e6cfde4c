import { JobError } from "../job-error.ts";
import type { ListBytes } from "./list-bytes.ts";
import { urlItem } from "./parse-line.ts";
import { type SitemapEntry, sitemapParts } from "./sitemap-entries.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";

/**
 * A sitemap (sitemaps.org), an entry an item; `lastmod`, `changefreq` and `priority` come back as `meta`. Entries are counted
 * from 1. Reading goes on by reading from the start: a sitemap has 50,000 entries at most.
 */
export function sitemapOf(list: ListBytes): Source {
  return {
    name: list.name,
    seekable: list.seekable,
    blocks: from => readBlocks(list, list.seekable ? from : { offset: 0, line: 0 }),
    count: async () => (list.seekable ? countEntries(list) : undefined),
    fingerprint: () => list.fingerprint(),
  };
}

async function countEntries(list: ListBytes): Promise<number> {
  let count = 0;
  for await (const block of readBlocks(list, { offset: 0, line: 0 })) count += block.length;
  return count;
}

async function* readBlocks(list: ListBytes, from: SourcePosition): AsyncGenerator<readonly SourceLine[]> {
  for await (const { isIndex, entries } of sitemapParts(list)) {
    if (isIndex) throw isAnIndex(list.name);
    const lines = entries.filter(({ number }) => number > from.line).map(lineOf);
    if (lines.length > 0) yield lines;
  }
}

function lineOf({ number, loc, meta }: SitemapEntry): SourceLine {
  const item = urlItem(loc, { line: number, nextOffset: number });
  return item.kind === "item" && meta !== undefined ? { ...item, meta } : item;
}

/** A file is read without asking anybody. */
function isAnIndex(name: string): JobError {
  const message = `can't read the list ${name}: it is an index, which names other sitemaps: give one of those, or the URL of the index with --format sitemap`;
  return new JobError("SOURCE_UNREADABLE", message, { path: name });
}
