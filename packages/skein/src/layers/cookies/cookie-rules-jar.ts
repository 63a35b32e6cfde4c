import { Cookie, CookieJar as ToughJar } from "tough-cookie";
import type { CookieCall } from "../../core/cookie-store.ts";
import { InvalidOption } from "../../core/errors.ts";
import { BoundedStore, type CookieLimits, siteOf } from "./bounded-store.ts";
import { whyRefused } from "./cookie-rules.ts";
import type { SameSite, SavedCookie } from "./saved-cookies.ts";

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

/**
 * The rules of RFC 6265bis, by tough-cookie. This file and what it imports is the only code that knows the library; it
 * takes 13 ms to load, and `CookieJar` loads it when there is a first cookie.
 */
export class CookieRulesJar {
  readonly #store: BoundedStore;
  readonly #jar: ToughJar;

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

  /** What the Cookie field says. */
  header(href: string, hostname: string, call: CookieCall): string {
    const sameSiteContext = contextOf(href, hostname, call);
    const cookies = this.#jar.getCookiesSync(href, { sort: true, sameSiteContext });
    return cookies.map(cookie => cookie.cookieString()).join("; ");
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
function contextOf(href: string, hostname: string, { home, isSafe }: CookieCall): "strict" | "lax" | "none" {
  const isSameScheme = href.startsWith(`${home.scheme}:`);
  if (isSameScheme && (home.hostname === hostname || siteOf(home.hostname) === siteOf(hostname)))
    return "strict";
  return isSafe ? "lax" : "none";
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
