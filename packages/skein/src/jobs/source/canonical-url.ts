/**
 * A URL as all spellings of it have in common: scheme and host in lower case, no default port, no fragment, `.` and `..` resolved,
 * escapes in upper case and none where a character needs none (RFC 3986 §6.2.2, §6.2.3). The order of a query stays: it may mean
 * something.
 *
 * @throws TypeError where it is no URL
 * @example
 * canonicalUrl("HTTP://Example.com:80/a/../%7euser#top"); // "http://example.com/~user"
 */
export function canonicalUrl(url: string): string {
  const parsed = new URL(url);
  parsed.hash = "";
  return parsed.href.replace(/%[0-9a-f]{2}/gi, escaped => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped.toUpperCase();
  });
}
