import { FileError, UsageError } from "../exit-code.ts";
import { hasScheme, parseUrlArgument, quoted } from "./url.ts";

/** Where the URLs of `skein fetch` come from. */
export type Input =
  | { readonly kind: "file"; readonly path: string }
  /** A pipe that was named, as bash's `<(…)`: it can be read once only. */
  | { readonly kind: "pipe"; readonly path: string }
  | { readonly kind: "stdin" }
  | { readonly kind: "urls"; readonly urls: readonly string[] }
  /** A list that a server has. */
  | { readonly kind: "remote"; readonly url: string };

/** What the file system says of a name. */
export type PathKind = "file" | "pipe" | "directory" | "missing";

const ONE_LIST =
  "give one list, or - for standard input, or any number of URLs; to join lists: cat a b | skein fetch -";

/**
 * Tells lists from URLs among the arguments: what exists is a list, what looks like `host.tld/path` is a URL.
 *
 * @throws UsageError for a mixture or something that is neither; FileError for a directory or a list that is not there
 */
export function parseInput(args: readonly string[], kindOf: (path: string) => PathKind): Input {
  const inputs = args.map(arg => parseOne(arg, kindOf));
  const [first, ...others] = inputs;
  if (first === undefined) throw new UsageError(`which URLs? ${capitalised(ONE_LIST)}`);
  if (others.length === 0) return first;
  const urls: string[] = [];
  for (const [index, input] of inputs.entries()) {
    if (input.kind !== "urls") throw new UsageError(`${args[index]} can't stand beside others: ${ONE_LIST}`);
    urls.push(...input.urls);
  }
  return { kind: "urls", urls };
}

/**
 * A format is that of a list: with one, a URL is where the list is.
 *
 * @throws UsageError for several URLs
 */
export function withFormat(input: Input, format: string | undefined): Input {
  if (format === undefined || input.kind !== "urls") return input;
  const [url, ...others] = input.urls;
  if (url !== undefined && others.length === 0) return { kind: "remote", url };
  throw new UsageError(
    `--format tells how a list is read; ${input.urls.length} URLs were given instead: leave out --format to fetch those, or give the URL of one list`,
  );
}

function parseOne(arg: string, kindOf: (path: string) => PathKind): Input {
  if (arg === "-") return { kind: "stdin" };
  if (hasScheme(arg)) return { kind: "urls", urls: [parseUrlArgument(arg)] };
  const kind = kindOf(arg);
  if (kind === "file" || kind === "pipe") return { kind, path: arg };
  if (kind === "directory") throw new FileError(`${arg} is a directory; expected a file with one URL a line`);
  if (looksLikeList(arg)) {
    throw new FileError(`${arg}: there is no such file (for a host of this name, write https://${arg})`);
  }
  if (looksLikeHost(arg)) return { kind: "urls", urls: [parseUrlArgument(arg)] };
  throw new UsageError(
    `${quoted(arg)} is neither a file that exists nor a URL such as https://example.com/path`,
  );
}

/** A mistyped `urls.txt` must not become a request to a host of that name. */
function looksLikeList(arg: string): boolean {
  return (
    /^(~|\.{0,2}\/)/.test(arg) ||
    /^[^/]*\.(txt|text|list|lst|urls?|csv|tsv|jsonl?|ndjson|log|gz|zst|xml|html?|md)$/i.test(arg)
  );
}

function looksLikeHost(arg: string): boolean {
  return /^(localhost|\[[0-9a-f:.]+\]|([^\s/:?#.]+\.)+[^\s/:?#.]{2,}|\d+(\.\d+){3})(:\d+)?([/?#].*)?$/i.test(
    arg,
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
