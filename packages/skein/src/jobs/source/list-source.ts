import { csvOf } from "./csv-source.ts";
import { linesOf } from "./lines-source.ts";
import { fileBytes, type ListBytes, streamBytes } from "./list-bytes.ts";
import { formatOfName, type ListFormat } from "./list-format.ts";
import { parquetOf } from "./parquet-source.ts";
import { sitemapOf } from "./sitemap-source.ts";
import type { Source } from "./source.ts";

/** How a list is to be read. */
export interface ListOptions {
  /**
   * Default: by the name's ending, `.csv`, `.tsv`, `.xml` (a sitemap), `.parquet`, `.jsonl`, also before `.gz`, `.zst` and `.br`; else lines.
   */
  readonly format?: ListFormat;
  /** The column of a table that holds the URLs, by its name or its number, from 1. Default: the one that is called `url`. */
  readonly urlColumn?: string | number;
}

/**
 * A list in a file: lines, JSON lines, CSV, TSV, Parquet, a sitemap; packed by gzip, zstd or brotli, or not at all. Of a table, `id` is the
 * column of that name, and the other columns come back as `meta`.
 *
 * @example
 * const source = listSource("shops.csv.gz", { urlColumn: "website" });
 */
export function listSource(path: string, options: ListOptions = {}): Source {
  return sourceOf(fileBytes(path), options);
}

/**
 * A list that comes in as a stream (stdin), as in a file. It can be read once and from its start only, so a job of it is
 * resumed by giving the same lines again: those that the journal has are compared and skipped.
 */
export function streamSource(
  readable: AsyncIterable<Uint8Array | string>,
  name: string,
  options: ListOptions = {},
): Source {
  return sourceOf(streamBytes(readable, name), options);
}

function sourceOf(list: ListBytes, { format = formatOfName(list.name), urlColumn }: ListOptions): Source {
  switch (format) {
    case "lines":
    case "jsonl":
      return linesOf(list);
    case "csv":
      return csvOf(list, { delimiter: ",", urlColumn });
    case "tsv":
      return csvOf(list, { delimiter: "\t", urlColumn });
    case "sitemap":
      return sitemapOf(list);
    case "parquet":
      return parquetOf(list, urlColumn);
  }
}
