import { type Cookie, Store } from "tough-cookie";
import { siteOf } from "./site-of.ts";

export interface CookieLimits {
  /** Cookies in all. */
  readonly maxCookies: number;
  /** Cookies of one site (registrable domain), so that no site can push out the others'. */
  readonly maxPerSite: number;
}

type Callback<T> = (error: Error | null, result?: T) => void;

/**
 * Holds cookies by site, and no more than the limits say. Room is made by the expired, then by what was not used for
 * longest, Secure ones last (RFC 6265bis §5.7, "retention model").
 */
export class BoundedStore extends Store {
  readonly #limits: CookieLimits;
  readonly #sites = new Map<string, Map<string, Cookie>>();
  #size = 0;
  /** Counts every change: what was found in one version holds as long as it does. */
  version = 0;

  constructor(limits: CookieLimits) {
    super();
    this.synchronous = true;
    this.#limits = limits;
  }

  put(cookie: Cookie): void {
    const name = siteOf(cookie.domain ?? "");
    let site = this.#sites.get(name);
    if (site === undefined) {
      site = new Map();
      this.#sites.set(name, site);
    }
    const id = idOf(cookie.domain, cookie.path, cookie.key);
    if (!site.has(id)) {
      if (site.size >= this.#limits.maxPerSite) this.#evict(site.values());
      if (this.#size >= this.#limits.maxCookies) this.#evict(this.all());
      // Making room may have emptied this very site.
      this.#sites.set(name, site);
      this.#size += 1;
    }
    site.set(id, cookie);
    this.version += 1;
  }

  remove(domain: string | null, path: string | null, key: string | null): void {
    const name = siteOf(domain ?? "");
    const site = this.#sites.get(name);
    if (site?.delete(idOf(domain, path, key)) !== true) return;
    this.#size -= 1;
    this.version += 1;
    if (site.size === 0) this.#sites.delete(name);
  }

  /** Those of the host's site; whether each matches the host is for the jar to say. */
  near(host: string): Cookie[] {
    return [...(this.#sites.get(siteOf(host))?.values() ?? [])];
  }

  *all(): IterableIterator<Cookie> {
    for (const site of this.#sites.values()) yield* site.values();
  }

  clear(): void {
    this.#sites.clear();
    this.#size = 0;
    this.version += 1;
  }

  #evict(candidates: Iterable<Cookie>): void {
    const now = Date.now();
    let victim: Cookie | undefined;
    for (const cookie of candidates) {
      if (victim === undefined || rank(cookie, now) < rank(victim, now)) victim = cookie;
    }
    if (victim !== undefined) this.remove(victim.domain, victim.path, victim.key);
  }

  // What tough-cookie's jar calls: it works synchronously where the store does.

  override findCookie(
    domain: string | null,
    path: string | null,
    key: string | null,
  ): Promise<Cookie | undefined>;
  override findCookie(
    domain: string | null,
    path: string | null,
    key: string | null,
    callback: Callback<Cookie | undefined>,
  ): void;
  override findCookie(
    ...args: [string | null, string | null, string | null, Callback<Cookie | undefined>?]
  ): unknown {
    const [domain, path, key, callback] = args;
    const found = this.#sites.get(siteOf(domain ?? ""))?.get(idOf(domain, path, key));
    return settle(callback, found);
  }

  override findCookies(
    domain: string | null,
    path: string | null,
    allowSpecialUseDomain?: boolean,
  ): Promise<Cookie[]>;
  override findCookies(
    domain: string | null,
    path: string | null,
    allowSpecialUseDomain?: boolean,
    callback?: Callback<Cookie[]>,
  ): void;
  override findCookies(...args: [string | null, string | null, boolean?, Callback<Cookie[]>?]): unknown {
    return settle(args[3], this.near(args[0] ?? ""));
  }

  override putCookie(cookie: Cookie): Promise<void>;
  override putCookie(cookie: Cookie, callback: Callback<void>): void;
  override putCookie(cookie: Cookie, callback?: Callback<void>): unknown {
    this.put(cookie);
    return settle(callback, undefined);
  }

  override updateCookie(oldCookie: Cookie, newCookie: Cookie): Promise<void>;
  override updateCookie(oldCookie: Cookie, newCookie: Cookie, callback: Callback<void>): void;
  override updateCookie(_old: Cookie, newCookie: Cookie, callback?: Callback<void>): unknown {
    this.put(newCookie);
    return settle(callback, undefined);
  }

  override removeCookie(domain: string | null, path: string | null, key: string | null): Promise<void>;
  override removeCookie(
    domain: string | null,
    path: string | null,
    key: string | null,
    callback: Callback<void>,
  ): void;
  override removeCookie(...args: [string | null, string | null, string | null, Callback<void>?]): unknown {
    const [domain, path, key, callback] = args;
    this.remove(domain, path, key);
    return settle(callback, undefined);
  }
}

function idOf(domain: string | null, path: string | null, key: string | null): string {
  return `${domain};${path};${key}`;
}

/** What goes first is small: the expired, then by last use; a Secure cookie outlives all that are not. */
function rank(cookie: Cookie, now: number): number {
  const expiry = cookie.expiryTime();
  if (expiry !== undefined && expiry <= now) return 0;
  const used = cookie.lastAccessed instanceof Date ? cookie.lastAccessed.getTime() : now;
  return used + (cookie.secure ? now : 0);
}

function settle<T>(callback: Callback<T> | undefined, result: T): Promise<T> | undefined {
  if (callback === undefined) return Promise.resolve(result);
  callback(null, result);
  return undefined;
}
