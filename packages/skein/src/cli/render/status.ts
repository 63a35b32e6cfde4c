import type { JobReport } from "../../entry/jobs.ts";
import { redactUrls } from "../../entry/redaction.ts";
import { countRows, labelledLines } from "./count-rows.ts";
import { formatCount } from "./format-number.ts";
import { errorsWithoutSecrets } from "./json-summary.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

export interface StatusFacts {
  /** A path as it is to be shown. */
  shown(path: string): string;
  readonly paint: Paint;
}

/** How far a job is, for people. */
export function renderStatus(report: JobReport, { shown, paint }: StatusFacts): string {
  const { output, rejects, journal } = report.paths;
  const rows = countRows(report, { accepts: acceptsOf(report.request.accept), paint });
  rows.unshift(["List", redactUrls(printable(report.source))]);
  rows.push(["Output", shown(output)]);
  if (report.rejected > 0) rows.push(["Rejects", shown(rejects)]);
  rows.push(["Journal", shown(journal)]);
  return `${headline(report, paint)}\n${labelledLines(rows, paint)}`;
}

/** The same, for programs. */
export function statusJson(report: JobReport): unknown {
  return {
    ...report,
    source: redactUrls(report.source),
    byStatus: Object.fromEntries(report.byStatus),
    byError: errorsWithoutSecrets(report.byError),
  };
}

function headline(report: JobReport, paint: Paint): string {
  const { complete, done, succeeded, failed, unknown, rejected, unchanged, endedTo } = report;
  const parts = [`${formatCount(succeeded)} succeeded`, `${formatCount(failed)} failed`];
  if (unknown > 0) parts.push(`${formatCount(unknown)} unknown`);
  if (rejected > 0) parts.push(`${formatCount(rejected)} rejected`);
  if (unchanged > 0) parts.push(`${formatCount(unchanged)} of them unchanged`);
  const look = complete && failed === 0 ? "green" : "yellow";
  const verb = paint("bold", paint(look, verbOf(report)));
  const where = complete ? "" : `, all of the first ${formatCount(endedTo)} lines`;
  return `${verb} ${formatCount(done)} done${where}: ${parts.join(", ")}`;
}

function verbOf({ complete, running, refreshing }: JobReport): string {
  if (complete) return "Complete";
  const doing = running ? "Running" : "Can go on";
  return refreshing ? `Refreshing, ${doing.toLowerCase()}` : doing;
}

/** The journal has them as numbers and ranges: `200-299,404`. */
function acceptsOf(ranges: string): (status: number) => boolean {
  const bounds = ranges.split(",").map(range => range.split("-").map(Number));
  return status => bounds.some(([from, to = from]) => status >= from! && status <= to!);
}
