import { urlItem } from "./parse-line.ts";
import { textKey } from "./request-key.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";

const BLOCK = 500;

/** A list that was given in the call: URLs, one an item. */
export function argumentsSource(urls: readonly string[]): Source {
  return {
    name: "<arguments>",
    seekable: true,
    blocks: from => blocksOf(urls, from),
    count: async () => urls.length,
    fingerprint: async () => `${urls.length}:${textKey(JSON.stringify(urls))}`,
  };
}

async function* blocksOf(
  urls: readonly string[],
  from: SourcePosition,
): AsyncGenerator<readonly SourceLine[]> {
  for (let start = from.offset; start < urls.length; start += BLOCK) {
    yield urls
      .slice(start, start + BLOCK)
      .map((url, index) => urlItem(url.trim(), { line: start + index + 1, nextOffset: start + index + 1 }));
  }
}
