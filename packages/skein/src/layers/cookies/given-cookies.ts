import { checkCookie } from "./cookie-pair.ts";

/** Cookies that a caller gives by name, without a domain. */
export type GivenCookies = Readonly<Record<string, string>>;

/**
 * A checked copy.
 *
 * @throws InvalidOption naming the cookie, never its value
 */
export function checkGivenCookies(cookies: Readonly<Record<string, unknown>>): GivenCookies {
  const checked: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(cookies)) {
    if (value === undefined) continue;
    checkCookie(name, value);
    checked[name] = value;
  }
  return Object.freeze(checked);
}
