/** What an output may be. */
export const OUTPUT_FORMATS = ["jsonl", "csv", "tsv", "warc", "parquet", "none"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** How what is written is packed. */
export type OutputPacking = "gzip" | "zstd";

/** What an output is, in the journal as text: `jsonl`, `csv+gzip`. */
export interface OutputKind {
  readonly format: OutputFormat;
  readonly packing: OutputPacking | undefined;
}

const PACKINGS: readonly (readonly [suffix: string, packing: OutputPacking])[] = [
  [".gz", "gzip"],
  [".zst", "zstd"],
];

/** What the name of an output says, `pages.csv.gz` for instance; a format that is given counts more, and leaves the packing. */
export function outputKind(name: string, format?: OutputFormat): OutputKind {
  const lower = name.toLowerCase();
  const [suffix, packing] = PACKINGS.find(([end]) => lower.endsWith(end)) ?? ["", undefined];
  const inner = lower.slice(0, lower.length - suffix.length);
  const named =
    (["csv", "tsv", "warc", "parquet"] as const).find(end => inner.endsWith(`.${end}`)) ?? "jsonl";
  const chosen = format ?? named;
  const isParquet = lower.endsWith(".parquet");
  if ((chosen === "parquet") !== isParquet && (chosen === "parquet" || format !== "none")) {
    throw new TypeError(
      isParquet
        ? `the name ${name} says that it is Parquet, not ${chosen}`
        : `the name of a Parquet file ends in .parquet, without .gz or .zst: it is packed inside; got ${name}`,
    );
  }
  return { format: chosen, packing: chosen === "none" ? undefined : packing };
}

export function kindText({ format, packing }: OutputKind): string {
  return packing === undefined ? format : `${format}+${packing}`;
}

/** @param text as `kindText` gave it */
export function kindOfText(text: string): OutputKind {
  const [format, packing] = text.split("+") as [OutputFormat, OutputPacking | undefined];
  return { format, packing };
}
