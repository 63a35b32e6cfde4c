import type { Response } from "../entry/node.ts";
import type { RequestDefaults } from "./item-request.ts";
import { ItemState, type Validators, validatorsText } from "./journal/journal-protocol.ts";
import type { RecordedRow } from "./journal/recorded-rows.ts";
import type { JobRequest, SourceItem } from "./source/source.ts";

/** What a refresh knows of an item that it asks for again. */
export interface FormerAnswer {
  /** The URL that the conditions of the request are about; undefined where it has none. */
  readonly conditionsOf: string | undefined;
  /** Whether the item succeeded then, so that its row stays where it fails now. */
  readonly hasSucceeded: boolean;
}

/** RFC 9110 §9.2.1, of those that a list has: only these are asked for again. */
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function isSafe(request: JobRequest, defaults: RequestDefaults): boolean {
  return SAFE_METHODS.has((request.method ?? defaults.method ?? "GET").toUpperCase());
}

/** The item, asked for again: on the condition that it has changed, where the former answer said how to ask so (RFC 9110 §13.1). */
export function refreshedItem(item: SourceItem, row: RecordedRow, defaults: RequestDefaults): SourceItem {
  const { request } = item;
  const hasSucceeded = row.state === ItemState.succeeded;
  const conditions =
    row.validators === undefined || hasConditions(request) || hasConditions(defaults)
      ? {}
      : conditionsOf(row.validators);
  if (Object.keys(conditions).length === 0) {
    return { ...item, former: { hasSucceeded, conditionsOf: undefined } };
  }
  return {
    ...item,
    request: { ...request, headers: { ...request.headers, ...conditions } },
    former: { hasSucceeded, conditionsOf: row.validators?.url ?? request.url },
  };
}

function conditionsOf({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag === null ? undefined : { "if-none-match": etag }),
    ...(lastModified === null ? undefined : { "if-modified-since": lastModified }),
  };
}

/** Whoever asks with conditions of their own is answered by them. */
function hasConditions({ headers }: Pick<JobRequest, "headers">): boolean {
  return headers !== undefined && Object.keys(headers).some(name => name.toLowerCase().startsWith("if-"));
}

/** What the next refresh may ask with: of a whole representation, and of the URL that it came from. */
export function validatorsOf(item: SourceItem, response: Response): string | undefined {
  if (response.status !== 200) return undefined;
  const etag = response.headers.get("etag");
  const lastModified = response.headers.get("last-modified");
  if (etag === null && lastModified === null) return undefined;
  const url = response.url === item.request.url ? null : response.url;
  return validatorsText({ etag, lastModified, url });
}

/**
 * Whether an answer says that the former one still holds. One that came from elsewhere, since there is a redirect now that was not
 * there then, speaks of something else.
 */
export function isUnchanged({ former }: SourceItem, { status, url }: Response): boolean {
  if (status !== 304 || former?.conditionsOf === undefined) return false;
  return url === former.conditionsOf;
}
