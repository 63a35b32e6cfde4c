import { isSkeinError } from "../../core/errors.ts";
import { parseUrl } from "../../core/url.ts";

const SCHEME_AND_SLASHES = /^[a-z][a-z0-9+.-]*:\/\//i;
/** `mailto:a@b`, `data:…`; but not `localhost:8080`, which is a host and its port. */
const SCHEME = /^([a-z][a-z0-9+.-]*):(?!\d)/i;
/** `new URL` would drop some of these and encode others, without a word. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;
const WHITESPACE = /\s/;

/** Why a line is no request; it becomes a rejected line. */
export class LineProblem extends Error {}

/**
 * The URL that a text means: https where it names no scheme.
 *
 * @throws LineProblem when it is none that can be requested
 */
export function checkedUrl(text: string): string {
  if (CONTROL.test(text)) throw new LineProblem("the URL holds a control character");
  if (WHITESPACE.test(text)) throw new LineProblem("the URL holds white space; in a URL it is written %20");
  const url = withScheme(text);
  try {
    parseUrl(url);
  } catch (error) {
    throw isSkeinError(error) ? new LineProblem(error.reason) : error;
  }
  return url;
}

function withScheme(text: string): string {
  if (SCHEME_AND_SLASHES.test(text)) return text;
  if (text.startsWith("//")) return `https:${text}`;
  if (text.startsWith("/")) throw new LineProblem("the URL names no host");
  const scheme = SCHEME.exec(text)?.[1];
  if (scheme === undefined) return `https://${text}`;
  throw new LineProblem(
    /^https?$/i.test(scheme)
      ? `"${scheme}:" must be followed by "//"`
      : `the scheme "${scheme}" is not supported; expected http or https`,
  );
}
