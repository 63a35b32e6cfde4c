import type { JobPaths, JobSummary } from "../../entry/jobs.ts";
import { redactUrls } from "../../entry/redaction.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";
import { formatCount, formatRate } from "./format-number.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** What the end of a job is told with, beside the counts. */
export interface SummaryFacts {
  readonly total: number | undefined;
  readonly accepts: (status: number) => boolean;
  /** As they are to be shown; `bodies` only when there are any. */
  readonly files: JobPaths;
  readonly paint: Paint;
}

type Row = readonly [label: string, text: string];

const LABEL_WIDTH = 9;
/** A server's text may be in a message: that much is enough to know it by. */
const LONGEST_SAMPLE = 300;

/** How a job ended: the counts, by status and by error, the speed, and where its files are. */
export function renderSummary(summary: JobSummary, facts: SummaryFacts): string {
  const rows = [
    ...labelled("Status", statusTexts(summary, facts)),
    ...labelled("Errors", errorTexts(summary)),
    ...speedRows(summary),
    ...pathRows(summary, facts),
  ];
  const lines = rows.map(([label, text]) => facts.paint("dim", label.padEnd(LABEL_WIDTH)) + text);
  return `${[headline(summary, facts), ...lines].join("\n")}\n`;
}

function pathRows(summary: JobSummary, { files }: SummaryFacts): Row[] {
  const rows: Row[] = [["Output", files.output]];
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
  const before = summary.doneBefore > 0 ? ` (${formatCount(summary.doneBefore)} in earlier runs)` : "";
  const items = `${formatCount(summary.done)}${of}${before}`;
  return `${paint("bold", paint(look, verb))} ${items} in ${formatDuration(summary.elapsedMs)}: ${parts.join(", ")}`;
}

function statusTexts(summary: JobSummary, { accepts, paint }: SummaryFacts): string[] {
  const counts = [...summary.byStatus].sort(([a], [b]) => a - b);
  const width = widest(counts.map(([, count]) => formatCount(count)));
  return counts.map(([status, count]) => {
    const text = `${status}  ${formatCount(count).padStart(width)}`;
    return accepts(status) ? text : `${text}  ${paint("red", "refused")}`;
  });
}

/** Each code with its count, and below it one of its messages. */
function errorTexts(summary: JobSummary): string[] {
  const errors = [...summary.byError].sort(([, a], [, b]) => b.count - a.count);
  const width = widest(errors.map(([code]) => code));
  return errors.flatMap(([code, { count, sample }]) => [
    `${code.padEnd(width)}  ${formatCount(count)}`,
    `  ${shortened(redactUrls(printable(sample)))}`,
  ]);
}

function shortened(sample: string): string {
  return sample.length > LONGEST_SAMPLE ? `${sample.slice(0, LONGEST_SAMPLE)}…` : sample;
}

function speedRows({ requests, bytes, elapsedMs, latency }: JobSummary): Row[] {
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

/** Rows of which only the first bears the label. */
function labelled(label: string, texts: readonly string[]): Row[] {
  return texts.map((text, index) => [index === 0 ? label : "", text]);
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(text => text.length));
}
