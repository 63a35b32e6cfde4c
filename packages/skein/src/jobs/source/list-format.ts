/** What a list may be. `jsonl` is read as `lines` is: each line tells by its first character what it is. */
export const LIST_FORMATS = ["lines", "jsonl", "csv", "tsv", "sitemap", "parquet"] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

const BY_SUFFIX: Readonly<Record<string, ListFormat>> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  xml: "sitemap",
  parquet: "parquet",
  jsonl: "jsonl",
  ndjson: "jsonl",
};

/** What a list of this name most likely is: `hosts.csv.gz` is CSV; what says nothing is lines. */
export function formatOfName(name: string): ListFormat {
  const suffix = /\.([^./\\]+)$/.exec(name.replace(/\.(?:gz|zst|br)$/i, ""))?.[1];
  return BY_SUFFIX[suffix?.toLowerCase() ?? ""] ?? "lines";
}
