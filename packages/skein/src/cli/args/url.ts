import { UsageError } from "../exit-code.ts";

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/**
 * An http or https URL as it was typed on the command line; without a scheme it is taken as https.
 *
 * @throws UsageError when it is not a URL, or one of another scheme
 */
export function parseUrlArgument(text: string): string {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    throw new UsageError(
      `${quoted(text)}: the scheme ${JSON.stringify(scheme)} is not supported; expected http or https`,
    );
  }
  const url = scheme === undefined ? `https://${text}` : text;
  if (!/\s/.test(url) && URL.canParse(url)) return url;
  throw new UsageError(`${quoted(text)} is not a URL; expected one such as https://example.com/path`);
}

export function hasScheme(text: string): boolean {
  return SCHEME.test(text);
}

/** In quotes, cut, and without the user name and password that a URL may hold. */
export function quoted(text: string): string {
  const safe = text.replace(/\/\/[^/?#]*@/, "//***@");
  return JSON.stringify(safe.length > 200 ? `${safe.slice(0, 200)}…` : safe);
}
