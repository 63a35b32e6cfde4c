import { checkCookie } from "./cookie-rules.ts";

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

/**
 * What the Cookie field says, `jar` being the field without the given ones: a union. Under one name the request's own value is sent rather than the jar's, which a
 * server has set, and that rather than the client's.
 */
export function cookieField(jar: string | undefined, client: GivenCookies, own: GivenCookies): string {
  const fromJar = jar === undefined ? [] : jar.split(/; */).map(pair => [nameOf(pair), pair] as const);
  const jarNames = new Set(fromJar.map(([name]) => name));
  const pairs = fromJar.filter(([name]) => !(name in own)).map(([, pair]) => pair);
  for (const [name, value] of Object.entries(client)) {
    if (!jarNames.has(name) && !(name in own)) pairs.push(`${name}=${value}`);
  }
  for (const [name, value] of Object.entries(own)) pairs.push(`${name}=${value}`);
  return pairs.join("; ");
}

function nameOf(pair: string): string {
  return pair.slice(0, pair.indexOf("="));
}
