import { statSync } from "node:fs";
import { JobError } from "../job-error.ts";
import { fileLines } from "./file-lines.ts";

/** A line of a job's output, version 1; what each field means stands in the README. */
export interface JobRow {
  readonly v: 1;
  readonly id: string | number;
  readonly url: string;
  readonly finalUrl: string | null;
  readonly state: "succeeded" | "failed" | "unknown";
  readonly status: number | null;
  readonly attempts: number | null;
  /** Milliseconds. */
  readonly timings: { readonly queued: number; readonly waited: number; readonly served: number } | null;
  readonly bytes: number | null;
  /** Of the decoded body, in hexadecimal digits. */
  readonly sha256: string | null;
  readonly contentType: string | null;
  readonly body?: string;
  readonly bodyBase64?: string;
  /** Of the body's file, relative to the output's directory. */
  readonly path?: string;
  readonly error?: { readonly code: string; readonly phase: string | null; readonly message: string };
  readonly meta?: unknown;
}

const LINE_FEED = "\n";

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
  const size = sizeOf(output);
  let number = 0;
  let read = 0;
  for await (const line of fileLines(output, size)) {
    number += 1;
    read += line.length + LINE_FEED.length;
    // The last line has no line feed: it is being written, or was left by a run that was killed.
    if (read > size) return;
    const text = line.toString("utf8");
    yield { row: parsed(text, { output, number }), text };
  }
}

function sizeOf(output: string): number {
  const stats = statSync(output, { throwIfNoEntry: false });
  if (stats?.isFile()) return stats.size;
  const what = stats === undefined ? "there is no such file" : "it is no regular file";
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
