import { expect, test } from "@skein/testkit";
import { LineSplitter } from "../../src/client/stream/line-splitter.ts";
import { charsetOf } from "../../src/core/charset.ts";
import { Headers } from "../../src/core/headers.ts";
import { parseLinks } from "../../src/core/link-header.ts";
import { redactUrl } from "../../src/core/redact-url.ts";
import { parseRetryAfter } from "../../src/core/retry-after.ts";
import { cookiesOf } from "../../src/core/set-cookie.ts";
import { parseUrl } from "../../src/core/url.ts";
import { parseChallenges } from "../../src/layers/auth/challenges.ts";
import { directivesOf } from "../../src/layers/cache/cache-control.ts";

const field = (name: string, value: string) => Headers.fromFieldLines(`${name}: ${value}\r\n`);

/** What reads text that a server chose. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  Link: text => parseLinks(text),
  "Set-Cookie": text => cookiesOf(field("set-cookie", text)),
  "Retry-After": text => parseRetryAfter(text, 0),
  "Cache-Control": text => directivesOf(field("cache-control", text)),
  "Content-Type": text => charsetOf(field("content-type", text)),
  "WWW-Authenticate": text => parseChallenges(text),
  "field lookup": text => field("x", text).get("y"),
  "a URL": text => attempt(() => parseUrl(`http://a.test/${text}`)),
  "a URL's host": text => attempt(() => parseUrl(`http://${text}/`)),
  "a redacted URL": text => redactUrl(`http://a.test/?${text}`),
  "lines of a body": text => {
    const splitter = new LineSplitter();
    for (let at = 0; at < text.length; at += 16_384)
      for (const _ of splitter.push(text.slice(at, at + 16_384)));
    return splitter.end();
  },
};

function attempt(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    return error;
  }
}

/** What makes careless parsers go back and forth. */
const PIECES = [
  "a",
  " ",
  "\t ",
  ",",
  ";",
  '"',
  '\\"',
  "<",
  "<>",
  "=",
  "a=",
  ';a="',
  "a,",
  "%",
  "%2",
  "..",
  "/../",
  "&",
  "@",
  ":",
  "\r",
  "0",
  "é",
];

const SIZE = 250_000;

function timeOf(parse: (text: string) => unknown, text: string): number {
  const startedAt = performance.now();
  parse(text);
  return performance.now() - startedAt;
}

// Twice as much text takes twice as long; four times would be quadratic. Half a second is left for the machine: a parser
// that goes back and forth over half a million characters takes minutes.
test.each(Object.keys(PARSERS))(
  "%s of half a million characters is read in linear time",
  { timeout: 60_000 },
  name => {
    const parse = PARSERS[name]!;
    for (const piece of PIECES) {
      const text = piece.repeat(SIZE / piece.length);
      parse(text.slice(0, 1_000));
      const half = timeOf(parse, text);
      const whole = timeOf(parse, text + text);
      expect(whole, `${JSON.stringify(piece)}: ${half} ms, then ${whole} ms`).toBeLessThan(3 * half + 500);
    }
  },
);
