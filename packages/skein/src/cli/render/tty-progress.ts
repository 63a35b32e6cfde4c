import cliTruncate from "cli-truncate";
import { formatDuration } from "./format-duration.ts";
import { formatCount, formatPercent } from "./format-number.ts";
import type { Paint } from "./paint.ts";
import { errorTexts, etaText, speedTexts, stateTexts } from "./progress-line.ts";
import type { ProgressView } from "./progress-view.ts";

/** At most ten pictures a second: more can't be read, and each costs the loop that also sends the requests. */
export const TTY_INTERVAL = 100;

const SEPARATOR = " · ";
const LONGEST_BAR = 60;

/** The picture of a job: four lines, none wider than the terminal. */
export function renderTty(view: ProgressView, columns: number, paint: Paint): string[] {
  const lines = [headLine(view, columns, paint), stateLine(view, paint), speedLine(view)];
  const errors = errorTexts(view);
  if (errors.length > 0) lines.push(`${paint("dim", "errors ")} ${errors.join(SEPARATOR)}`);
  return lines.map(line => cliTruncate(line, columns - 1));
}

function headLine(view: ProgressView, columns: number, paint: Paint): string {
  const eta = etaText(view);
  if (view.total === undefined)
    return `${paint("bold", formatCount(view.done))} done${SEPARATOR}reading the list`;
  const done = `${formatCount(view.done)} / ${formatCount(view.total)}`;
  const percent = formatPercent(view.done, view.total);
  const room = columns - 1 - done.length - percent.length - eta.length - 6;
  const bar =
    room < 10 ? "" : `${barOf(view.done / Math.max(1, view.total), Math.min(room, LONGEST_BAR), paint)}  `;
  return `${paint("bold", done)}  ${bar}${percent}  ${view.draining ? paint("yellow", eta) : eta}`;
}

function barOf(share: number, width: number, paint: Paint): string {
  const full = Math.min(width, Math.floor(share * width));
  return paint("green", "━".repeat(full)) + paint("dim", "─".repeat(width - full));
}

function stateLine(view: ProgressView, paint: Paint): string {
  const [ok, failed, ...others] = stateTexts(view) as [string, string, ...string[]];
  const painted = [paint("green", ok), view.failed > 0 ? paint("red", failed) : failed, ...others];
  return painted.join(SEPARATOR);
}

function speedLine(view: ProgressView): string {
  return [...speedTexts(view), `${formatDuration(view.elapsed)} so far`].join(SEPARATOR);
}
