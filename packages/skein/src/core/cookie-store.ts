import type { Origin, Url } from "./url.ts";

/** Which call a cookie would be sent for: what SameSite asks about. */
export interface CookieCall {
  /** Where the call began: what the caller named, before any redirect. */
  readonly home: Origin;
  /** Whether this request reads only (GET, HEAD …). */
  readonly isSafe: boolean;
}

/** Keeps cookies between calls (RFC 6265). */
export interface CookieStore {
  /**
   * What the Cookie field of a request to `url` says; undefined when there is nothing to say. A cookie that is bound to
   * its site (SameSite) is left out where another site has sent the call here.
   */
  cookieHeader(url: Url, call: CookieCall): Promise<string | undefined> | string | undefined;
  /** Takes in the Set-Cookie fields of a response from `url`; what the rules refuse is left out without a word. */
  store(url: Url, setCookies: readonly string[]): Promise<void>;
}
