import { shownLine } from "../redact.ts";
import { checkedUrl, LineProblem } from "./checked-url.ts";
import { parseRow } from "./parse-row.ts";
import { requestKey, textKey } from "./request-key.ts";
import type { RejectedLine, SourceItem, SourceLine } from "./source.ts";

const SHOWN_CHARACTERS = 200;

/** Where a line stands in its list. */
export interface LinePlace {
  readonly line: number;
  readonly nextOffset: number;
}

/** What a line of a list means; undefined for a blank line and a comment. */
export function parseLine(text: string, place: LinePlace): SourceLine | undefined {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.startsWith("#")) return undefined;
  return trimmed.startsWith("{") ? rowItem(trimmed, place) : urlItem(trimmed, place);
}

/** The item that a URL is; a rejected line when it is none. */
export function urlItem(text: string, place: LinePlace): SourceLine {
  return orRejected(text, place, () => {
    const url = checkedUrl(text);
    return {
      kind: "item",
      line: place.line,
      nextOffset: place.nextOffset,
      request: { url },
      key: textKey(url),
    };
  });
}

function rowItem(text: string, place: LinePlace): SourceLine {
  return orRejected(text, place, () => {
    const row = parseRow(text);
    return {
      kind: "item",
      line: place.line,
      nextOffset: place.nextOffset,
      ...row,
      key: requestKey(row.request),
    };
  });
}

export function rejectedLine(text: string, reason: string, place: LinePlace): RejectedLine {
  const { line, nextOffset } = place;
  return {
    kind: "rejected",
    line,
    nextOffset,
    reason,
    text: shownLine(text, SHOWN_CHARACTERS),
    key: textKey(text),
  };
}

function orRejected(text: string, place: LinePlace, parse: () => SourceItem): SourceLine {
  try {
    return parse();
  } catch (error) {
    if (error instanceof LineProblem) return rejectedLine(text, error.message, place);
    throw error;
  }
}
