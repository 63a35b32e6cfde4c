import type { JobPaths, JobSummary } from "../../entry/jobs.ts";
import { countRows, type LabelledRow, labelledLines } from "./count-rows.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";
import { formatCount, formatRate } from "./format-number.ts";
import type { Paint } from "./paint.ts";

/** What the end of a job is told with, beside the counts. */
export interface SummaryFacts {
  readonly total: number | undefined;
  readonly accepts: (status: number) => boolean;
  /** As they are to be shown; `bodies` only when there are any. */
  readonly files: JobPaths;
  readonly paint: Paint;
}

/** How a job ended: the counts, by status and by error, the speed, and where its files are. */
export function renderSummary(summary: JobSummary, facts: SummaryFacts): string {
  const rows = [...countRows(summary, facts), ...speedRows(summary), ...pathRows(summary, facts)];
  return `${headline(summary, facts)}\n${labelledLines(rows, facts.paint)}`;
}

function pathRows(summary: JobSummary, { files }: SummaryFacts): LabelledRow[] {
  const rows: LabelledRow[] = [["Output", files.output]];
  if (summary.rejected > 0) rows.push(["Rejects", files.rejects]);
  if (files.bodies !== undefined) rows.push(["Bodies", files.bodies]);
  rows.push(["Journal", files.journal]);
  return rows;
}

function headline(summary: JobSummary, { total, paint }: SummaryFacts): string {
  const of = total === undefined || total <= summary.done ? "" : ` of ${formatCount(total)}`;
  const verb = summary.ended === "complete" ? "Done" : "Stopped";
  const look = summary.ended !== "complete" || summary.failed > 0 ? "yellow" : "green";
  const parts = [`${formatCount(summary.succeeded)} succeeded`, `${formatCount(summary.failed)} failed`];
  if (summary.unknown > 0) parts.push(`${formatCount(summary.unknown)} unknown`);
  if (summary.rejected > 0) parts.push(`${formatCount(summary.rejected)} rejected`);
  if (summary.unchanged > 0) parts.push(`${formatCount(summary.unchanged)} unchanged`);
  const before = summary.doneBefore > 0 ? ` (${formatCount(summary.doneBefore)} in earlier runs)` : "";
  const items = `${formatCount(summary.done)}${of}${before}`;
  return `${paint("bold", paint(look, verb))} ${items} in ${formatDuration(summary.elapsedMs)}: ${parts.join(", ")}`;
}

function speedRows({ requests, bytes, elapsedMs, latency }: JobSummary): LabelledRow[] {
  if (requests === 0) return [];
  const seconds = Math.max(1, elapsedMs) / 1_000;
  const texts = [`${formatRate(requests / seconds)} req/s`, `${formatBytes(bytes / seconds)}/s`];
  if (latency !== undefined) {
    texts.push(`p50 ${formatDuration(latency.p50)}`, `p95 ${formatDuration(latency.p95)}`);
  }
  return [
    ["Sent", `${formatCount(requests)} requests, retries included; ${formatBytes(bytes)} received`],
    ["Speed", texts.join(", ")],
  ];
}
