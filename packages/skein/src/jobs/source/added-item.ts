// Items that answers lead to: they stand in no list, but in the journal, behind all lines that a list could have.
import { canonicalUrl } from "./canonical-url.ts";
import type { DedupeMode } from "./deduped-source.ts";
import { itemLine, type JobItem } from "./items-source.ts";
import type { JobRequest, SourceLine } from "./source.ts";

/** The first of them has this number as its line, and the id "+0". */
export const FIRST_ADDED = 2 ** 40;

/** What the answer to one item led to, as it goes to the journal. */
export interface FoundItems {
  /** The line of the item that was answered. */
  readonly parent: number;
  /** How many answers led to them, one after the other: at least 1. */
  readonly depth: number;
  /** What relative URLs are relative to. */
  readonly base: string;
  /** Items, each as JSON. */
  readonly items: readonly string[];
}

/** An item that was added, as the journal has it. */
export interface AddedItem {
  readonly line: number;
  readonly depth: number;
  /** As JSON, its URL absolute where that can be. */
  readonly item: string;
  /** As an earlier run left it; undefined where none has sent it. */
  readonly state: number | undefined;
}

/** What a row calls an item that was added, and has no id of its own; undefined for a line of the list. */
export function addedName(line: number): string | undefined {
  return line >= FIRST_ADDED ? `+${line - FIRST_ADDED}` : undefined;
}

/** What it means; a rejected line where it is no request. */
export function addedLine({ line, depth, item }: Pick<AddedItem, "line" | "depth" | "item">): SourceLine {
  const meant = itemLine(JSON.parse(item) as JobItem, line);
  return meant.kind === "rejected" ? meant : { id: addedName(line)!, ...meant, depth };
}

/** The item with its URL absolute; as it was where that can't be: whoever reads it then says why. */
export function absoluteItem(item: JobItem, base: string): JobItem {
  if (typeof item === "string") return URL.parse(item.trim(), base)?.href ?? item;
  const url = typeof item?.url === "string" ? URL.parse(item.url.trim(), base)?.href : undefined;
  return url === undefined ? item : { ...item, url };
}

/** The same for all requests that are alike. */
export function requestIdentity({ url, method, headers, body }: JobRequest, mode: DedupeMode): string {
  const named = mode === "exact" ? url : canonicalUrl(url);
  if (method === undefined && headers === undefined && body === undefined) return named;
  return JSON.stringify([named, method ?? null, headers ?? null, body ?? null]);
}
