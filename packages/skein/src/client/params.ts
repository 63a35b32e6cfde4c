import { InvalidOption } from "../core/errors.ts";

type ParamValue = string | number | boolean | null | undefined;

/** Query parameters: an object (arrays repeat the key, `null` drops it), pairs, URLSearchParams, or a query string. */
export type Params =
  | string
  | URLSearchParams
  | Readonly<Record<string, ParamValue | readonly ParamValue[]>>
  | Iterable<readonly [string, ParamValue]>;

/** As pairs; a value of `null` says that the key is to be dropped. */
export type ParamPairs = readonly (readonly [string, string | null])[];

export function parseParams(params: Params | undefined): ParamPairs {
  if (params === undefined) return [];
  if (typeof params === "string") return [...new URLSearchParams(params)];
  if (typeof params !== "object" || params === null) {
    throw new InvalidOption(`params: expected an object, pairs or a string; got ${String(params)}`);
  }
  const pairs = Symbol.iterator in params ? params : Object.entries(params);
  const flat: (readonly [string, string | null])[] = [];
  for (const [key, value] of pairs as Iterable<readonly [string, ParamValue | readonly ParamValue[]]>) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) flat.push([String(key), item === null ? null : String(item)]);
    }
  }
  return flat;
}

/**
 * The target with the parameters added to its own query, which stays as it is written (a signed URL is signed in its
 * bytes); one that is `null` removes the key instead.
 */
export function addParams(target: string, pairs: ParamPairs): string {
  if (pairs.length === 0) return target;
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const own = mark < 0 ? "" : target.slice(mark + 1);
  const dropped = new Set(pairs.filter(([, value]) => value === null).map(([key]) => key));
  const isKept = (pair: ParamPairs[number]): pair is [string, string] =>
    pair[1] !== null && !dropped.has(pair[0]);
  const kept = dropped.size === 0 ? own : withoutKeys(own, dropped);
  const added = new URLSearchParams(pairs.filter(isKept)).toString();
  const query = kept === "" || added === "" ? kept + added : `${kept}&${added}`;
  return query === "" ? path : `${path}?${query}`;
}

function withoutKeys(query: string, keys: ReadonlySet<string>): string {
  const isKept = (part: string) => ![...new URLSearchParams(part).keys()].some(key => keys.has(key));
  return query.split("&").filter(isKept).join("&");
}

/** `application/x-www-form-urlencoded`. */
export function encodeForm(form: Params): string {
  const pairs = parseParams(form).filter((pair): pair is [string, string] => pair[1] !== null);
  return new URLSearchParams(pairs).toString();
}
