import type { CookieCall, CookieStore } from "../../core/cookie-store.ts";
import { InvalidOption, InvalidUrl } from "../../core/errors.ts";
import { checkNames, requireCount } from "../../core/option-names.ts";
import type { Url } from "../../core/url.ts";
import { checkCookie } from "./cookie-pair.ts";
import type { CookieRulesJar, GivenCookie } from "./cookie-rules-jar.ts";
import { checkSaved, type SameSite, type SavedCookie, type SavedCookies } from "./saved-cookies.ts";

export interface CookieJarOptions {
  /** Cookies in all; then the ones unused for longest go. Default: 3,000. */
  maxCookies?: number;
  /** Cookies of one site, with its subdomains. Default: 180. */
  maxPerSite?: number;
}

/** What a cookie is set with. */
export interface CookieAttributes {
  /** The page that would have set it: its host, or a parent domain of it, will get the cookie. */
  url: string | URL;
  /** Sends it to this domain and all below it. Default: to exactly the URL's host. */
  domain?: string | undefined;
  /** Default: "/". */
  path?: string | undefined;
  /** Default: it ends with the jar. */
  expires?: Date | undefined;
  /** Sent over https only. Default: whether `url` is https. */
  secure?: boolean | undefined;
  /** Kept and saved; it means nothing outside a page. Default: false. */
  httpOnly?: boolean | undefined;
  /** "strict" is not sent where another site has redirected a call here; "lax" only with GET and the like. */
  sameSite?: SameSite | undefined;
}

const ATTRIBUTES = ["url", "domain", "path", "expires", "secure", "httpOnly", "sameSite"];

/**
 * Keeps cookies as a browser does (RFC 6265bis): each goes back to the host that set it, or to the domain that it may
 * name; public suffixes (`co.uk`, `github.io`), wrong prefixes (`__Host-`), Secure over http and what is longer than
 * 4 KiB are refused. At most 8 KiB are sent with a request, those of the longest paths first. As in browsers, ports do not keep cookies apart. One jar can serve several clients.
 *
 * @example
 * const jar = new CookieJar();
 * const client = new Client({ cookies: jar });
 * await client.post("https://example.com/login", { form: { user, password } });
 * await writeFile("cookies.json", JSON.stringify(await jar.save()));
 */
export class CookieJar implements CookieStore {
  readonly #limits: { maxCookies: number; maxPerSite: number };
  #rules: Promise<CookieRulesJar> | undefined;
  /** The same, once it is there. */
  #loadedRules: CookieRulesJar | undefined;

  /** @throws InvalidOption when a limit is not a whole number of at least 1, or an option is unknown */
  constructor(options: CookieJarOptions = {}) {
    checkNames(options, ["maxCookies", "maxPerSite"], "CookieJar");
    this.#limits = {
      maxCookies: requireCount(options.maxCookies ?? 3_000, "CookieJar.maxCookies", 1),
      maxPerSite: requireCount(options.maxPerSite ?? 180, "CookieJar.maxPerSite", 1),
    };
  }

  /**
   * Sets a cookie, as a response from `url` would.
   *
   * @throws (rejects with) InvalidOption when the rules refuse it
   * @example
   * await jar.set("theme", "dark", { url: "https://example.com/", domain: "example.com" });
   */
  async set(name: string, value: string, attributes: CookieAttributes): Promise<void> {
    checkCookie(name, value);
    const given = complete(name, value, attributes);
    (await this.#loaded()).set(given);
  }

  /** The value that a request to `url` would send under this name; undefined when there is none. */
  async get(name: string, url: string | URL): Promise<string | undefined> {
    const { href } = parse(url);
    if (this.#rules === undefined) return undefined;
    return (await this.#rules).matching(href).find(cookie => cookie.key === name)?.value;
  }

  /** Removes what a request to `url` would send under this name; tells whether there was any. */
  async delete(name: string, url: string | URL): Promise<boolean> {
    const { href } = parse(url);
    if (this.#rules === undefined) return false;
    const rules = await this.#rules;
    const cookies = rules.matching(href).filter(cookie => cookie.key === name);
    for (const cookie of cookies) rules.remove(cookie);
    return cookies.length > 0;
  }

  /** Every cookie that has not expired. */
  async entries(): Promise<readonly SavedCookie[]> {
    return this.#rules === undefined ? [] : (await this.#rules).entries();
  }

  async clear(): Promise<void> {
    if (this.#rules !== undefined) (await this.#rules).clear();
  }

  /** All cookies as plain JSON, with those that end with the session; `load` makes the same jar of it. */
  async save(): Promise<SavedCookies> {
    return { version: 1, cookies: await this.entries() };
  }

  /**
   * Adds what `save()` returned.
   *
   * @throws (rejects with) InvalidOption when it is something else; then nothing was added
   */
  async load(saved: unknown): Promise<this> {
    const cookies = checkSaved(saved);
    if (cookies.length === 0) return this;
    (await this.#loaded()).restore(cookies);
    return this;
  }

  /** For the client. A jar that never had a cookie costs nothing. */
  cookieHeader(url: Url, call: CookieCall): Promise<string | undefined> | string | undefined {
    if (this.#loadedRules !== undefined) return this.#loadedRules.header(url, call);
    return this.#rules?.then(rules => rules.header(url, call));
  }

  /** For the client: takes in the Set-Cookie fields of a response. */
  async store(url: Url, setCookies: readonly string[]): Promise<void> {
    const rules = await this.#loaded();
    for (const setCookie of setCookies) rules.receive(url.href, setCookie);
  }

  #loaded(): Promise<CookieRulesJar> {
    this.#rules ??= import("./cookie-rules-jar.ts").then(module => {
      this.#loadedRules = new module.CookieRulesJar(this.#limits);
      return this.#loadedRules;
    });
    return this.#rules;
  }
}

function complete(name: string, value: string, attributes: CookieAttributes): GivenCookie {
  checkNames(attributes, ATTRIBUTES, `CookieJar.set(${JSON.stringify(name)})`);
  const { domain, path = "/", expires, httpOnly = false, sameSite } = attributes;
  const url = parse(attributes.url);
  const { secure = url.protocol === "https:" } = attributes;
  if (expires !== undefined && Number.isNaN(expires.getTime()))
    throw new InvalidOption(`CookieJar.set(${JSON.stringify(name)}): expires is no date`);
  return { name, value, url, domain, path, expires, secure, httpOnly, sameSite };
}

function parse(url: string | URL): URL {
  if (url instanceof URL) return url;
  if (typeof url === "string" && URL.canParse(url)) return new URL(url);
  throw new InvalidUrl(`CookieJar: expected the URL that the cookie is for; got ${JSON.stringify(url)}`);
}
