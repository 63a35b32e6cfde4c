import { stripVTControlCharacters } from "node:util";
import cliTruncate from "cli-truncate";
import { formatDuration } from "./format-duration.ts";
import { formatCount, formatPercent } from "./format-number.ts";
import { heldText } from "./held-back.ts";
import type { Paint } from "./paint.ts";
import { errorTexts, etaText, speedTexts, stateTexts } from "./progress-line.ts";
import type { ProgressView } from "./progress-view.ts";

/** At most ten pictures a second: more can't be read, and each costs the loop that also sends the requests. */
export const TTY_INTERVAL = 100;

const SEPARATOR = " · ";
const LONGEST_BAR = 60;

/** The picture of a job: three to five lines, or more where they are narrow; none as wide as the terminal. */
export function renderTty(view: ProgressView, columns: number, paint: Paint): string[] {
  const width = columns - 1;
  const facts = [stateFacts(view, paint), speedFacts(view)].flatMap(line => wrapped(line, width));
  const slowed = listed(view.held.map(heldText), paint("yellow", "slowed "));
  const errors = listed(errorTexts(view), paint("dim", "errors "));
  return [headLine(view, columns, paint), ...facts, ...slowed, ...errors].map(line =>
    cliTruncate(line, width),
  );
}

/** On one line, of which the first ones say most: what does not fit is left out. */
function listed(texts: readonly string[], title: string): string[] {
  return texts.length === 0 ? [] : [`${title} ${texts.join(SEPARATOR)}`];
}

/** Facts side by side, in as many lines as they need: none is cut in two. */
function wrapped(facts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const longer = `${lines.at(-1) ?? ""}${SEPARATOR}${fact}`;
    if (lines.length > 0 && stripVTControlCharacters(longer).length <= width)
      lines[lines.length - 1] = longer;
    else lines.push(fact);
  }
  return lines;
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

function stateFacts(view: ProgressView, paint: Paint): string[] {
  const [ok, failed, ...others] = stateTexts(view) as [string, string, ...string[]];
  return [paint("green", ok), view.failed > 0 ? paint("red", failed) : failed, ...others];
}

function speedFacts(view: ProgressView): string[] {
  return [...speedTexts(view), `${formatDuration(view.elapsed)} so far`];
}
