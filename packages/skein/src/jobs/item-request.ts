import { isIdempotentMethod } from "../core/request.ts";
import type { BatchRequest } from "../entry/node.ts";
import type { JobRequest } from "./source/source.ts";

/** What the items of a job are given where they say nothing themselves. */
export type RequestDefaults = Partial<Omit<JobRequest, "url">>;

/** The request of an item as the client takes it: a bare URL where that says all. */
export function itemRequest(request: JobRequest, defaults: RequestDefaults): string | BatchRequest {
  const method = request.method ?? defaults.method;
  const headers = mergeHeaders(defaults.headers, request.headers);
  const content = request.body ?? defaults.body;
  // Said in full, a plain GET costs a tenth more: the client then checks and merges options that say nothing.
  if ((method ?? "GET") === "GET" && isEmpty(headers) && content === undefined) return request.url;
  return {
    url: request.url,
    ...(method === undefined ? undefined : { method }),
    ...(headers === undefined ? undefined : { headers }),
    ...(content === undefined ? undefined : { content }),
  };
}

/** Whether sending an item a second time means no more than sending it once. */
export function isRepeatable(request: JobRequest, defaults: RequestDefaults): boolean {
  const method = request.method ?? defaults.method ?? "GET";
  return isIdempotentMethod(method) || hasKey(request.headers) || hasKey(defaults.headers);
}

function isEmpty(headers: JobRequest["headers"]): boolean {
  return headers === undefined || Object.keys(headers).length === 0;
}

function hasKey(headers: JobRequest["headers"]): boolean {
  return headers !== undefined && Object.keys(headers).some(name => name.toLowerCase() === "idempotency-key");
}

/** An item's headers replace the job's of the same name, whatever the case. */
function mergeHeaders(defaults: JobRequest["headers"], own: JobRequest["headers"]): JobRequest["headers"] {
  if (defaults === undefined || own === undefined) return own ?? defaults;
  const ownNames = new Set(Object.keys(own).map(name => name.toLowerCase()));
  const kept = Object.entries(defaults).filter(([name]) => !ownNames.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...own };
}
