import { extname } from "node:path";
import { UsageError } from "../exit-code.ts";

/** What rows can be exported as. */
export const EXPORT_FORMATS = ["csv", "tsv", "jsonl", "parquet"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const PACKINGS = { ".gz": "gzip", ".zst": "zstd" } as const;

export interface ExportKind {
  readonly format: ExportFormat;
  readonly packing: (typeof PACKINGS)[keyof typeof PACKINGS] | undefined;
}

/**
 * What the name of a file says, `rows.csv.gz` for instance; a format that is given counts more, and leaves the packing.
 *
 * @param output undefined and "-": standard output
 * @throws UsageError where the name says something else
 */
export function exportKind(output: string | undefined, format: ExportFormat | undefined): ExportKind {
  const toFile = output !== undefined && output !== "-";
  if (!toFile && format === "parquet")
    throw new UsageError("--format parquet: expected a file for it, such as -o rows.parquet");
  if (!toFile) return { format: format ?? "csv", packing: undefined };
  const last = extname(output).toLowerCase();
  const packing = Object.hasOwn(PACKINGS, last) ? PACKINGS[last as keyof typeof PACKINGS] : undefined;
  const ending = packing === undefined ? last : extname(output.slice(0, -last.length)).toLowerCase();
  const chosen = format ?? formatNamed(ending, output);
  requireParquetName(output, chosen, packing === undefined && ending === ".parquet");
  return { format: chosen, packing };
}

function formatNamed(ending: string, output: string): ExportFormat {
  if (ending === "") return "csv";
  if (ending === ".ndjson") return "jsonl";
  const named = EXPORT_FORMATS.find(format => ending === `.${format}`);
  if (named !== undefined) return named;
  throw new UsageError(
    `-o: ${output} does not say what it is to be; expected a name that ends in .csv, .tsv, .jsonl or .parquet, or --format`,
  );
}

function requireParquetName(output: string, format: ExportFormat, isParquet: boolean): void {
  if ((format === "parquet") === isParquet) return;
  throw new UsageError(
    isParquet
      ? `-o: the name ${output} says that it is Parquet, not ${format}`
      : `-o: the name of a Parquet file ends in .parquet, without .gz or .zst: it is packed inside; got ${output}`,
  );
}
