import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { JobError } from "../job-error.ts";
import { jobPaths } from "../job-paths.ts";
import { recordedKind } from "../semantics.ts";
import type { JobRow } from "../sink/job-row.ts";
import { type OutputKind, outputKind } from "../sink/output-kind.ts";
import { isSharded } from "../sink/shards.ts";
import { outputLines } from "./output-lines.ts";
import { outputParts, outputSize } from "./output-parts.ts";
import { readRecordedJob } from "./recorded-job.ts";

/**
 * The rows of an output, one after the other, also while the job runs: as far as it has written, and no line that is not
 * whole.
 *
 * @throws JobError FILE_FAILED where the output can't be read, OUTPUT_CHANGED where a line is no row, naming it
 * @example
 * for await (const row of jobRows("results.jsonl")) if (row.state === "failed") console.log(row.url, row.error?.code);
 */
export async function* jobRows(output: string): AsyncGenerator<JobRow> {
  for await (const { row } of jobRowLines(output)) yield row;
}

/** The same, each row with its text as it stands in the output. */
export async function* jobRowLines(output: string): AsyncGenerator<{ row: JobRow; text: string }> {
  const { kind, committed, rows: path = output } = await kindOf(output);
  const size = sizeOf(path);
  // Lines of JSON are read as far as they have been written.
  const length =
    kind.format === "jsonl" && kind.packing === undefined ? size : Math.min(size, committed ?? size);
  for (const part of outputParts(path, length)) {
    let number = 0;
    for await (const line of outputLines(kind, { ...part, isWhole: false })) {
      number += 1;
      const text = line.toString("utf8");
      yield { row: parsed(text, { output: isSharded(output) ? part.path : output, number }), text };
    }
  }
}

/** As its journal says; as its name does, where it has none. */
async function kindOf(output: string): Promise<{ kind: OutputKind; committed?: number; rows?: string }> {
  // Whatever link leads there.
  const isSomewhere = existsSync(dirname(resolve(output)));
  if (!isSomewhere || !existsSync(jobPaths(output, "none").journal)) return { kind: outputKind(output) };
  const { known, report } = await readRecordedJob(output);
  const kind = recordedKind(known.job!.semantics);
  if (kind.format !== "none") return { kind, committed: known.sizes.output, rows: report.paths.rows };
  throw new JobError("FILE_FAILED", `can't read ${output}: its job has no output`, { path: output });
}

function sizeOf(output: string): number {
  const size = outputSize(output);
  if (size !== undefined) return size;
  const what = existsSync(output) ? "it is no regular file" : "there is no such file";
  throw new JobError("FILE_FAILED", `can't read ${output}: ${what}`, { path: output });
}

function parsed(text: string, { output, number }: { output: string; number: number }): JobRow {
  let row: Partial<JobRow> | null;
  try {
    row = JSON.parse(text) as Partial<JobRow> | null;
  } catch (cause) {
    throw new JobError("OUTPUT_CHANGED", `line ${number} of ${output} is no JSON`, { path: output, cause });
  }
  if (row?.v === 1) return row as JobRow;
  throw new JobError("OUTPUT_CHANGED", `line ${number} of ${output} is no row of version 1`, {
    path: output,
  });
}
