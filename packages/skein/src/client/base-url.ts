import { InvalidUrl } from "../core/errors.ts";
import { parseUrl, type Url } from "../core/url.ts";
import { addParams } from "./params.ts";

const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * A URL below `base`: appended to its path, not resolved against it as a browser would ("/v1" + "/users" → "/v1/users"),
 * with the base's query kept. Strings come from data more often than not, so none of them leads out: not by `..`, nor by
 * `//host`, nor by a whole URL of another origin.
 *
 * @throws InvalidUrl naming where the text leads
 */
export function joinBase(base: Url, text: string): Url {
  const trimmed = text.trim();
  if (HAS_SCHEME.test(trimmed) || /^[\\/]{2}/.test(trimmed))
    return requireSameOrigin(parseUrl(trimmed, base.href), base, text);
  const [basePath, baseQuery] = splitQuery(base.target);
  const folder = basePath.endsWith("/") ? basePath.slice(0, -1) : basePath;
  const isOnlyQuery = trimmed === "" || trimmed.startsWith("?") || trimmed.startsWith("#");
  const path = isOnlyQuery ? `${basePath}${trimmed}` : `${folder}/${trimmed.replace(/^[\\/]/, "")}`;
  const joined = parseUrl(base.origin.key + path);
  const [joinedPath] = splitQuery(joined.target);
  if (joinedPath !== basePath && joinedPath !== folder && !joinedPath.startsWith(`${folder}/`)) {
    throw new InvalidUrl(`${JSON.stringify(text)} leads out of the baseUrl ${base.href}, to ${joined.href}`);
  }
  return baseQuery === ""
    ? joined
    : joined.withTarget(addParams(joined.target, [...new URLSearchParams(baseQuery)]));
}

function requireSameOrigin(url: Url, base: Url, text: string): Url {
  if (url.origin.key === base.origin.key) return url;
  throw new InvalidUrl(
    `${JSON.stringify(text)} leads to another origin (${url.origin.key}) than the baseUrl (${base.origin.key}); to send a request there, give a URL object`,
  );
}

function splitQuery(target: string): [path: string, query: string] {
  const mark = target.indexOf("?");
  return mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
}
