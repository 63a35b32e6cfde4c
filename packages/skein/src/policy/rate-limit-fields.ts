import type { Headers } from "../core/headers.ts";
import type { NormalizedRate } from "./rate.ts";

/** What an answer says of how many requests its origin takes. */
export interface RateLimitFacts {
  /** So many in a time; undefined where that is not said. */
  readonly quota: NormalizedRate | undefined;
  /** Milliseconds until there are more; undefined where that is not said. */
  readonly resetMs: number | undefined;
}

/**
 * Reads the fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers), their older form RateLimit-Limit and
 * RateLimit-Reset, and X-RateLimit-Reset. X-RateLimit-Limit says nothing of the time that it is for.
 *
 * @param wallNow milliseconds since the Unix epoch; what a time is compared with
 */
export function rateLimitFacts(headers: Headers, wallNow: number): RateLimitFacts {
  const quotas = [...items(headers.get("ratelimit-policy")), ...items(headers.get("ratelimit-limit"))];
  return { quota: slowest(quotas.map(quotaOf)), resetMs: resetOf(headers, wallNow) };
}

/** One item of a list (RFC 9651): what it begins with, and its parameters. */
interface Item {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const PART = /"(?:[^"\\]|\\.)*"|[^,;"]+|[,;]/g;
/** Fields of a limit are short: what is longer is none. */
const LONGEST = 1_000;

function items(field: string | null): Item[] {
  if (field === null || field.length > LONGEST) return [];
  const list: { value: string; parameters: Map<string, string> }[] = [];
  let separator = ",";
  for (const [part] of field.matchAll(PART)) {
    if (part === "," || part === ";") separator = part;
    else if (separator === ",") list.push({ value: part.trim(), parameters: new Map() });
    else addParameter(list.at(-1)?.parameters, part);
  }
  return list;
}

function addParameter(parameters: Map<string, string> | undefined, text: string): void {
  const equals = text.indexOf("=");
  if (equals > 0) parameters?.set(text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim());
}

/** `"default";q=100;w=60`, or as it was: `100;w=60`. */
function quotaOf({ value, parameters }: Item): NormalizedRate | undefined {
  // A quota of bytes, or of what the server counts otherwise.
  if ((parameters.get("qu") ?? '"requests"') !== '"requests"') return undefined;
  const count = Number(parameters.get("q") ?? value);
  const seconds = Number(parameters.get("w"));
  const isRate = Number.isInteger(count) && count > 0 && seconds > 0 && Number.isFinite(seconds);
  return isRate ? { count, per: seconds * 1_000, burst: undefined } : undefined;
}

function slowest(quotas: readonly (NormalizedRate | undefined)[]): NormalizedRate | undefined {
  const known = quotas.filter(quota => quota !== undefined);
  return known.sort((a, b) => a.count / a.per - b.count / b.per)[0];
}

function resetOf(headers: Headers, wallNow: number): number | undefined {
  const seconds = [
    ...items(headers.get("ratelimit")).map(({ value, parameters }) => parameters.get("t") ?? resetIn(value)),
    headers.get("ratelimit-reset"),
    headers.get("x-ratelimit-reset"),
  ]
    .filter(text => text !== null && text !== undefined && /^\d+$/.test(text.trim()))
    .map(Number)
    .find(value => value > 0);
  return seconds === undefined ? undefined : untilReset(seconds, wallNow);
}

/** `limit=100, remaining=0, reset=30`, as it was. */
function resetIn(value: string): string | undefined {
  return /^reset\s*=\s*(\d+)$/i.exec(value)?.[1];
}

/** Some tell the seconds that are left, others the time, in seconds since the epoch. */
const LEAST_EPOCH_SECONDS = 1e9;

function untilReset(seconds: number, wallNow: number): number | undefined {
  const ms = seconds < LEAST_EPOCH_SECONDS ? seconds * 1_000 : seconds * 1_000 - wallNow;
  return ms > 0 && ms < MOST_MS ? ms : undefined;
}

/** What lies further ahead is a mistake, or written in milliseconds. */
const MOST_MS = 24 * 3_600_000;
