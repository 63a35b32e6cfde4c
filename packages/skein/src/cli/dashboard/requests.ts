import type {
  ItemFilter,
  ItemPageRequest,
  OriginPageRequest,
  SeriesRequest,
} from "../../jobs/journal/inspection/inspection-types.ts";
import type { ControlRequest, ItemQuery, ItemSort, ItemState, LimitChanges, OriginSort } from "./protocol.ts";

/** A request that is not understood: it is told why. */
export class BadRequest extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

const STATES: ReadonlySet<string> = new Set<ItemState>(["succeeded", "failed", "unknown", "rejected"]);
const SORTS: ReadonlySet<string> = new Set<ItemSort>(["latest", "line", "slowest", "attempts", "bytes"]);
const ORIGIN_SORTS: ReadonlySet<string> = new Set<OriginSort>(["busiest", "failed", "slowest", "name"]);
const PAGE_SIZE = 100;
const MOST_ITEMS = 500;
const MOST_POINTS = 600;
const LONGEST_TEXT = 1_000;

type Params = URLSearchParams;

export function filterOf(params: Params): ItemFilter {
  const states = listOf(params, "state");
  const wrong = states?.find(state => !STATES.has(state));
  if (wrong !== undefined) throw new BadRequest(`state: there is none that is called ${quote(wrong)}`);
  return {
    states: states as ItemState[] | undefined,
    statuses: listOf(params, "status")?.map(statusRange),
    codes: listOf(params, "code"),
    origin: textOf(params, "origin"),
    text: textOf(params, "text"),
  };
}

export function pageOf(params: Params): ItemPageRequest {
  return {
    filter: filterOf(params),
    sort: sortOf(params, SORTS) as ItemSort,
    after: cursorOf(params),
    limit: limitOf(params),
  };
}

export function originsOf(params: Params): OriginPageRequest {
  return {
    text: textOf(params, "text"),
    sort: sortOf(params, ORIGIN_SORTS) as OriginSort,
    limit: limitOf(params),
  };
}

/** The first of them, where none is named. */
function sortOf(params: Params, sorts: ReadonlySet<string>): string {
  const sort = textOf(params, "sort") ?? [...sorts][0]!;
  if (sorts.has(sort)) return sort;
  throw new BadRequest(`sort: expected one of ${[...sorts].join(", ")}`);
}

export function limitOf(params: Params): number {
  return numberOf(params, "limit", { least: 1, most: MOST_ITEMS }) ?? PAGE_SIZE;
}

/** What `cursorText` has made. */
function cursorOf(params: Params): ItemPageRequest["after"] {
  const text = textOf(params, "cursor" satisfies keyof ItemQuery);
  if (text === undefined) return undefined;
  const match = /^(-?\d{1,16})\.(\d{1,16})$/.exec(text);
  if (match === null) throw new BadRequest("cursor: expected what `next` of the page before was");
  return { value: Number(match[1]), number: Number(match[2]) };
}

export function cursorText(next: { readonly value: number; readonly number: number } | null): string | null {
  return next === null ? null : `${next.value}.${next.number}`;
}

export function seriesOf(params: Params): SeriesRequest {
  const time = { least: 0, most: Number.MAX_SAFE_INTEGER };
  return {
    from: numberOf(params, "from", time),
    to: numberOf(params, "to", time),
    points: numberOf(params, "points", { least: 1, most: MOST_POINTS }) ?? MOST_POINTS,
    origin: textOf(params, "origin"),
  };
}

/** @throws BadRequest; what the limits themselves may be is said by who takes them */
export function controlOf(body: string): ControlRequest {
  const request = parsed(body);
  switch (request.action) {
    case "pause":
    case "resume":
    case "cancel":
    case "retry-failed":
      return { action: request.action };
    case "set":
      return { action: "set", ...limitsOf(request) };
    default:
      throw new BadRequest("action: expected one of pause, resume, cancel, retry-failed, set");
  }
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    throw new BadRequest("the body is no JSON");
  }
  throw new BadRequest("the body is no object of JSON");
}

function limitsOf(request: Record<string, unknown>): LimitChanges {
  const { action, concurrency, perOrigin, rate, perOriginRate, ...others } = request;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw new BadRequest(`${quote(unknown)} is no limit`);
  const changes = {
    ...(concurrency === undefined ? {} : { concurrency: count(concurrency, "concurrency") }),
    ...(perOrigin === undefined
      ? {}
      : { perOrigin: perOrigin === "auto" ? ("auto" as const) : count(perOrigin, "perOrigin") }),
    ...(rate === undefined ? {} : { rate: rateOf(rate, "rate") }),
    ...(perOriginRate === undefined ? {} : { perOriginRate: rateOf(perOriginRate, "perOriginRate") }),
  };
  if (Object.keys(changes).length === 0) throw new BadRequest("set: there is no limit to be set");
  return changes;
}

function count(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw new BadRequest(`${name}: expected a whole number from 1 on`);
}

function rateOf(value: unknown, name: string): string | null {
  if (value === null || typeof value === "string") return value;
  throw new BadRequest(`${name}: expected a rate such as "100/s", or null`);
}

// ── parameters ──

function textOf(params: Params, name: string): string | undefined {
  const text = params.get(name) ?? "";
  if (text.length > LONGEST_TEXT)
    throw new BadRequest(`${name}: it is longer than ${LONGEST_TEXT} characters`);
  if (text.includes("\0")) throw new BadRequest(`${name}: it holds a character that no text has`);
  return text === "" ? undefined : text;
}

function listOf(params: Params, name: string): string[] | undefined {
  const parts = textOf(params, name)
    ?.split(",")
    .map(part => part.trim());
  return parts?.filter(part => part !== "");
}

function numberOf(
  params: Params,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const text = textOf(params, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new BadRequest(`${name}: expected a whole number from ${least} to ${most}`);
}

function statusRange(part: string): readonly [number, number] | null {
  if (part === "none") return null;
  const first = /^([1-5])xx$/i.exec(part)?.[1];
  if (first !== undefined) return [Number(first) * 100, Number(first) * 100 + 99];
  const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(part);
  if (match !== null) return [Number(match[1]), Number(match[2] ?? match[1])];
  throw new BadRequest(`status: expected such as 404, 5xx, 200-299 or none; got ${quote(part)}`);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 50));
}
