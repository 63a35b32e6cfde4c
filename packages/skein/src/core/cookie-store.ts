import type { Url } from "./url.ts";

/** Keeps cookies between calls (RFC 6265). */
export interface CookieStore {
  /** What the Cookie field of a request to `url` says; undefined when there is nothing to say. */
  cookieHeader(url: Url): Promise<string | undefined>;
  /** Takes in the Set-Cookie fields of a response from `url`; what the rules refuse is left out without a word. */
  store(url: Url, setCookies: readonly string[]): Promise<void>;
}
