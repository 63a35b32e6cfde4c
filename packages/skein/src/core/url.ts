import { InvalidUrl, UnsupportedProtocol } from "./errors.ts";

/** Where a request goes. One object an origin: it can be compared and used as a key. */
export interface Origin {
  readonly scheme: "http" | "https";
  /** As `new URL()` gives it: lower-case ASCII, IPv6 without brackets. Only this is ever resolved or connected to. */
  readonly hostname: string;
  readonly port: number;
  /** `https://example.com` or `https://example.com:8443` */
  readonly key: string;
  /** What the Host field says: the port only where it is not the scheme's own. */
  readonly host: string;
  /** Whether it is asked for HTTP/1.1 alone; its connections are none for other requests. */
  readonly onlyHttp1?: boolean;
}

/** The same for what HTTP/2 can't do: leaving HTTP. */
export function overHttp1(origin: Origin): Origin {
  return { ...origin, key: `${origin.key} over HTTP/1.1`, onlyHttp1: true };
}

/** An http or https URL, taken apart as far as a request needs it. */
export class Url {
  readonly origin: Origin;
  /** Path and query, as sent: `/search?q=1`. */
  readonly target: string;
  /** With `#`, or empty. Never sent. */
  readonly hash: string;
  /** Percent-decoded user name and password of the URL, or undefined. */
  readonly userinfo: { readonly username: string; readonly password: string } | undefined;

  constructor(origin: Origin, target: string, extra?: { hash: string; userinfo: Url["userinfo"] }) {
    this.origin = origin;
    this.target = target;
    this.hash = extra?.hash ?? "";
    this.userinfo = extra?.userinfo;
  }

  /** The whole URL without user name and password: safe to print. */
  get href(): string {
    return this.origin.key + this.target + this.hash;
  }

  toString(): string {
    return this.href;
  }

  /** The same place, with another path and query. */
  withTarget(target: string): Url {
    return new Url(this.origin, target, { hash: this.hash, userinfo: this.userinfo });
  }

  /** Another URL, relative to this one (RFC 3986 §5). A fragment is kept when the new one has none. */
  resolve(reference: string): Url {
    const next = parseUrl(reference, this.href);
    if (next.hash !== "" || this.hash === "") return next;
    return new Url(next.origin, next.target, { hash: this.hash, userinfo: next.userinfo });
  }
}

/**
 * The prefixes (`http://host:port`) seen before. A list of a million URLs names few hosts, and `new URL` is the
 * dearest step of building a request: so it runs once a prefix, and for URLs that need normalising.
 */
const originsByPrefix = new Map<string, Origin>();
const originsByKey = new Map<string, Origin>();
const MAX_CACHED = 20_000;

/** Characters that `new URL` leaves as they are in a path and in a query. */
const PLAIN_TARGET = /^[A-Za-z0-9\-._~!$&()*+,;=:@%/?]*$/;

/**
 * Parses an absolute URL, or one relative to `base`.
 *
 * @throws InvalidUrl when it is not a URL; UnsupportedProtocol when its scheme is not http or https
 */
export function parseUrl(text: string, base?: string): Url {
  const slash = text.indexOf("/", 8);
  if (slash > 0) {
    const origin = originsByPrefix.get(text.slice(0, slash));
    if (origin !== undefined) {
      const target = text.slice(slash);
      if (isPlain(target)) return new Url(origin, target);
    }
  }
  return parseSlowly(text, base);
}

/** Whether `new URL` would leave the target as it is: no character to encode, no dot segment to remove. */
function isPlain(target: string): boolean {
  return (
    PLAIN_TARGET.test(target) && !target.includes("/.") && !(target.includes("%2") && /%2e/i.test(target))
  );
}

function parseSlowly(text: string, base: string | undefined): Url {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new InvalidUrl(`not a URL: ${quote(text)}; expected one such as "https://example.com/path"`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UnsupportedProtocol(
      "UNSUPPORTED_PROTOCOL",
      `the scheme "${url.protocol.slice(0, -1)}" in ${quote(text)} is not supported; expected http or https`,
    );
  }
  const origin = originOf(url);
  rememberPrefix(text, origin);
  // A query that is there but empty is part of the name of the resource; `search` does not tell it from none.
  const target = url.pathname + (url.search || (/^[^#]*\?/.test(url.href) ? "?" : ""));
  if (url.hash === "" && url.username === "" && url.password === "") return new Url(origin, target);
  return new Url(origin, target, { hash: url.hash, userinfo: userinfoOf(url) });
}

function originOf(url: URL): Origin {
  const known = originsByKey.get(url.origin);
  if (known !== undefined) return known;
  const { hostname } = url;
  if (hostname === "" || !/^[\x21-\x7e]+$/.test(hostname))
    throw new InvalidUrl(`no valid host in ${quote(url.href)}`);
  const scheme = url.protocol === "https:" ? "https" : "http";
  const origin: Origin = Object.freeze({
    scheme,
    hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port),
    key: url.origin,
    host: url.host,
  });
  remember(originsByKey, url.origin, origin);
  return origin;
}

function rememberPrefix(text: string, origin: Origin): void {
  const slash = text.indexOf("/", 8);
  if (slash < 0) return;
  const prefix = text.slice(0, slash);
  if (!/^https?:\/\/[A-Za-z0-9.:[\]-]+$/.test(prefix)) return;
  // A text of its own: one cut out of the caller's would keep all of that alive, a whole list maybe.
  remember(originsByPrefix, prefix === origin.key ? origin.key : Array.from(prefix).join(""), origin);
}

function remember(cache: Map<string, Origin>, key: string, origin: Origin): void {
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, origin);
}

function userinfoOf(url: URL): Url["userinfo"] {
  if (url.username === "" && url.password === "") return undefined;
  return { username: decodeLoosely(url.username), password: decodeLoosely(url.password) };
}

/** A lone `%` is legal in a user name that a person typed: then it is taken as it stands. */
function decodeLoosely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A URL in quotes for a message: cut, and without user name and password, whether it parses or not. */
function quote(text: string): string {
  const safe = text.replace(/\/\/[^/?#@]*@/, "//***@");
  return JSON.stringify(safe.length > 200 ? `${safe.slice(0, 200)}…` : safe);
}
