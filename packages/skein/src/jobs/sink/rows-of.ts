import { dirname } from "node:path";
import type { JobOptions, JobPaths } from "../job-options.ts";
import type { BodyFile } from "../journal/journal-protocol.ts";
import { bodyModeOf, outputKindOf } from "../semantics.ts";
import { BodyWriter } from "./body-writer.ts";
import { CustomRows } from "./custom-rows.ts";
import { RowWriter } from "./row.ts";
import { type Rows, WarcRows } from "./warc-rows.ts";

export type RowOptions = Pick<JobOptions, "output" | "outputFormat" | "bodies" | "body" | "row">;

/**
 * What writes the rows of a job.
 *
 * @param onFile takes bodies that are files, to be written before the row that names them
 */
export function rowsOf(options: RowOptions, paths: JobPaths, onFile: (file: BodyFile) => void): Rows {
  const bodies = new BodyWriter({
    mode: bodyModeOf(options),
    directory: paths.bodies ?? "",
    base: dirname(paths.output),
    onFile,
  });
  const rows = new RowWriter(bodies);
  if (options.row !== undefined) return new CustomRows(rows, options.row);
  if (outputKindOf(options).format !== "warc") return rows;
  return new WarcRows(rows, ({ request }) => request.body ?? options.body);
}
