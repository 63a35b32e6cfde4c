import type { JobCounts } from "../../entry/jobs.ts";
import { redactUrls } from "../../entry/redaction.ts";
import { formatCount } from "./format-number.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** A line of a table of two columns; only the first of several of one kind bears the label. */
export type LabelledRow = readonly [label: string, text: string];

const LABEL_WIDTH = 9;
/** RFC 9110 §15.4.5: that is what a refresh hopes for. */
export const NOT_MODIFIED = 304;
/** A server's text may be in a message: that much is enough to know it by. */
const LONGEST_SAMPLE = 300;

export interface CountFacts {
  readonly accepts: (status: number) => boolean;
  readonly paint: Paint;
}

/** The items of a job by status, and by error with a message of each. */
export function countRows(
  counts: Pick<JobCounts, "byStatus" | "byError" | "unchanged">,
  facts: CountFacts,
): LabelledRow[] {
  return [...labelled("Status", statusTexts(counts, facts)), ...labelled("Errors", errorTexts(counts))];
}

export function labelledLines(rows: readonly LabelledRow[], paint: Paint): string {
  return rows.map(([label, text]) => `${paint("dim", label.padEnd(LABEL_WIDTH))}${text}\n`).join("");
}

function statusTexts(
  { byStatus, unchanged }: Pick<JobCounts, "byStatus" | "unchanged">,
  { accepts, paint }: CountFacts,
): string[] {
  const counts = [...byStatus].sort(([a], [b]) => a - b);
  const width = widest(counts.map(([, count]) => formatCount(count)));
  return counts.map(([status, count]) => {
    const text = `${status}  ${formatCount(count).padStart(width)}`;
    if (status === NOT_MODIFIED && unchanged > 0) return `${text}  unchanged`;
    return accepts(status) ? text : `${text}  ${paint("red", "refused")}`;
  });
}

/** Each code with its count, and below it one of its messages. */
function errorTexts({ byError }: Pick<JobCounts, "byError">): string[] {
  const errors = [...byError].sort(([, a], [, b]) => b.count - a.count);
  const width = widest(errors.map(([code]) => code));
  return errors.flatMap(([code, { count, sample }]) => [
    `${code.padEnd(width)}  ${formatCount(count)}`,
    `  ${shortened(redactUrls(printable(sample)))}`,
  ]);
}

function shortened(sample: string): string {
  return sample.length > LONGEST_SAMPLE ? `${sample.slice(0, LONGEST_SAMPLE)}…` : sample;
}

function labelled(label: string, texts: readonly string[]): LabelledRow[] {
  return texts.map((text, index) => [index === 0 ? label : "", text]);
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(text => text.length));
}
