/** What rows can be exported as. */
export const EXPORT_FORMATS = ["csv", "tsv", "jsonl"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
