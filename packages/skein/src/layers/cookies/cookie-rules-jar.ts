import { Cookie, pathMatch, CookieJar as ToughJar } from "tough-cookie";
import type { CookieCall } from "../../core/cookie-store.ts";
import { InvalidOption } from "../../core/errors.ts";
import type { Origin, Url } from "../../core/url.ts";
import { BoundedStore, type CookieLimits } from "./bounded-store.ts";
import { whyRefused } from "./cookie-rules.ts";
import type { SameSite, SavedCookie } from "./saved-cookies.ts";
import { siteOf } from "./site-of.ts";

/** A cookie that the caller sets; complete and checked as to its types. */
export interface GivenCookie {
  readonly name: string;
  readonly value: string;
  readonly url: URL;
  readonly domain: string | undefined;
  readonly path: string | undefined;
  readonly expires: Date | undefined;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | undefined;
}

/** A cookie that may be sent, with what sending it asks for. */
interface Candidate {
  readonly cookie: Cookie;
  /** `name=value` */
  readonly pair: string;
  readonly expiry: number;
}

/** The longest Cookie field, as curl has it: servers refuse requests that are longer, for as long as the cookies live. */
const MAX_FIELD = 8_190;

/** Origins whose candidates are remembered: finding them takes as long as half of a small request. */
const MAX_FOUND = 1_000;

/**
 * The rules of RFC 6265bis, by tough-cookie. This file and what it imports is the only code that knows the library; it
 * takes 13 ms to load, and `CookieJar` loads it when there is a first cookie.
 */
export class CookieRulesJar {
  readonly #store: BoundedStore;
  readonly #jar: ToughJar;
  /** Candidates by origin and context, of this version of the store. */
  readonly #found = new Map<string, readonly Candidate[]>();
  #foundIn = 0;

  constructor(limits: CookieLimits) {
    this.#store = new BoundedStore(limits);
    this.#jar = new ToughJar(this.#store, { prefixSecurity: "strict" });
  }

  /** Takes in a Set-Cookie field; false when the rules refuse it. */
  receive(href: string, setCookie: string): boolean {
    const cookie = Cookie.parse(setCookie);
    if (cookie === undefined || whyRefused(cookie) !== undefined) return false;
    try {
      this.#keep(cookie, href);
      return true;
    } catch {
      // A server may send any cookie; one for another's domain, say, is left out and is no failure of the call.
      return false;
    }
  }

  /** @throws InvalidOption when the rules refuse it: what a caller sets must not vanish without a word */
  set({ name, url, ...given }: GivenCookie): void {
    const { domain = null, path = null, sameSite, expires = "Infinity" } = given;
    const { value, secure, httpOnly } = given;
    const cookie = new Cookie({ key: name, value, domain, path, secure, httpOnly, sameSite, expires });
    const why = whyRefused(cookie);
    if (why !== undefined) throw refused(name, why);
    try {
      this.#keep(cookie, url.href);
    } catch (error) {
      throw refused(name, error instanceof Error ? error.message : String(error));
    }
  }

  matching(href: string): Cookie[] {
    return this.#jar.getCookiesSync(href, { sort: true });
  }

  /** What the Cookie field says; undefined when there is nothing to say. */
  header(url: Url, call: CookieCall): string | undefined {
    const sameSiteContext = contextOf(url.origin, call);
    const candidates = this.#candidates(url.origin, sameSiteContext);
    if (candidates.length === 0) return undefined;
    const now = new Date();
    const path = pathOf(url.target);
    let field = "";
    for (const { cookie, pair, expiry } of candidates) {
      if (expiry <= now.getTime() || !pathMatch(path, cookie.path ?? "/")) continue;
      if (field.length + pair.length + 2 > MAX_FIELD) continue;
      cookie.lastAccessed = now;
      field = field === "" ? pair : `${field}; ${pair}`;
    }
    return field === "" ? undefined : field;
  }

  /** The cookies that some path of the origin would get, sorted as they are sent; found again when one has changed. */
  #candidates(origin: Origin, sameSiteContext: SameSite): readonly Candidate[] {
    if (this.#store.version !== this.#foundIn || this.#found.size >= MAX_FOUND) {
      this.#found.clear();
      this.#foundIn = this.#store.version;
    }
    const key = `${sameSiteContext} ${origin.key}`;
    let found = this.#found.get(key);
    if (found === undefined) {
      const options = { sort: true, allPaths: true, sameSiteContext };
      found = this.#jar.getCookiesSync(`${origin.key}/`, options).map(candidate);
      this.#found.set(key, found);
    }
    return found;
  }

  entries(): SavedCookie[] {
    const now = Date.now();
    return [...this.#store.all()].filter(cookie => !isExpired(cookie, now)).map(saved);
  }

  remove(cookie: Cookie): void {
    this.#store.remove(cookie.domain, cookie.path, cookie.key);
  }

  /** @throws InvalidOption when one is for a public suffix; then none is added */
  restore(entries: readonly SavedCookie[]): void {
    for (const { domain, hostOnly } of entries) {
      if (!hostOnly && siteOf(domain) === domain && !mayHaveDomain(domain))
        throw new InvalidOption(`CookieJar.load: ${JSON.stringify(domain)} is a public suffix`);
    }
    for (const entry of entries) this.#restore(entry);
  }

  #restore(entry: SavedCookie): void {
    const { name, value, domain, path, hostOnly, secure, httpOnly, sameSite } = entry;
    const expires = entry.expires === undefined ? ("Infinity" as const) : new Date(entry.expires);
    const creation = new Date(entry.created);
    const facts = { domain, path, hostOnly, secure, httpOnly, sameSite, expires, creation };
    this.#store.put(new Cookie({ key: name, value, lastAccessed: creation, ...facts }));
  }

  clear(): void {
    this.#store.clear();
  }

  #keep(cookie: Cookie, href: string): void {
    // What tough-cookie does not know is not kept: it would count towards no limit.
    cookie.extensions = null;
    if (href.startsWith("http:") && !cookie.secure && this.#hidesSecure(cookie, href))
      throw new Error("a Secure cookie of this name can't be replaced over http");
    this.#jar.setCookieSync(cookie, href);
  }

  /** RFC 6265bis §5.7, "leave secure cookies alone": whoever sits on an unencrypted line must not replace a session. */
  #hidesSecure(cookie: Cookie, href: string): boolean {
    const asEncrypted = `https:${href.slice("http:".length)}`;
    return this.matching(asEncrypted).some(known => known.secure && known.key === cookie.key);
  }
}

/** Whether a server of this domain could have set a cookie for it: the same question, asked in the same words. */
function mayHaveDomain(domain: string): boolean {
  const probe = new ToughJar(new BoundedStore({ maxCookies: 1, maxPerSite: 1 }));
  try {
    return probe.setCookieSync(`a=1; Domain=${domain}`, `https://${domain}/`) !== undefined;
  } catch {
    // That it is refused is the answer.
    return false;
  }
}

/** RFC 6265bis §5.2: a request that another site has sent here is "cross-site", and one that writes is so more strictly. */
function contextOf({ scheme, hostname }: Origin, { home, isSafe }: CookieCall): SameSite {
  const isSameSite = home.hostname === hostname || siteOf(home.hostname) === siteOf(hostname);
  if (home.scheme === scheme && isSameSite) return "strict";
  return isSafe ? "lax" : "none";
}

function candidate(cookie: Cookie): Candidate {
  return { cookie, pair: cookie.cookieString(), expiry: cookie.expiryTime() ?? Number.POSITIVE_INFINITY };
}

function pathOf(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? target : target.slice(0, mark);
}

function isExpired(cookie: Cookie, now: number): boolean {
  const expiry = cookie.expiryTime();
  return expiry !== undefined && expiry <= now;
}

function saved(cookie: Cookie): SavedCookie {
  const expiry = cookie.expiryTime();
  const { sameSite } = cookie;
  return {
    name: cookie.key,
    value: cookie.value,
    domain: cookie.domain ?? "",
    path: cookie.path ?? "/",
    hostOnly: cookie.hostOnly === true,
    secure: cookie.secure,
    httpOnly: cookie.httpOnly,
    ...(sameSite === "strict" || sameSite === "lax" || sameSite === "none" ? { sameSite } : {}),
    ...(expiry === undefined || expiry === Number.POSITIVE_INFINITY
      ? {}
      : { expires: new Date(expiry).toISOString() }),
    created: (cookie.creation instanceof Date ? cookie.creation : new Date()).toISOString(),
  };
}

function refused(name: string, why: string): InvalidOption {
  return new InvalidOption(`CookieJar: the cookie ${JSON.stringify(name)} is refused: ${why}`);
}
