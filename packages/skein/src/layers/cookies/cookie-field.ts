import type { GivenCookies } from "./given-cookies.ts";

/**
 * What the Cookie field says, `jar` being the field without the given ones: a union. Under one name the request's own value
 * is sent rather than the jar's, which a server has set, and that rather than the client's.
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
