import type { Headers } from "../core/headers.ts";
import { checkNames } from "../core/option-names.ts";
import { redactHeader } from "../core/redact-header.ts";
import { redactUrl } from "../core/redact-url.ts";
import type { Request } from "../core/request.ts";

export interface ToCurlOptions {
  /** Print credentials too: `authorization`, `cookie`, `?token=` … Default: false, they are `***`. */
  secrets?: boolean;
}

/** What curl sends of its own accord: each is set to what the request says, or taken out. */
const CURLS_OWN = ["accept", "user-agent"];

/**
 * The request as a command for a POSIX shell (bash or zsh, where a header is not plain ASCII), which sends the same:
 * method, URL, header fields and body, and nothing that curl would add. A body that is a stream is read from stdin.
 *
 * @throws InvalidOption when an option is unknown
 * @example
 * toCurl(client.buildRequest("POST", "https://api.example.com/users", { json: { name: "Ada" } }));
 * // curl -X POST 'https://api.example.com/users' -H 'Accept: …' --data-raw '{"name":"Ada"}'
 */
export function toCurl(request: Request, options: ToCurlOptions = {}): string {
  checkNames(options, ["secrets"], "toCurl");
  const secrets = options.secrets === true;
  const { method, url, headers } = request;
  const body = bodyOf(request);
  const href = url.origin.key + url.target;
  const words = [
    "curl",
    ...methodFlags(method, body !== undefined),
    ...(/[[\]{}]/.test(url.target) ? ["--globoff"] : []),
    quote(secrets ? href : redactUrl(href)),
    ...headerFlags(headers, { secrets, hasBody: body !== undefined }),
    ...(headers.has("accept-encoding") ? ["--compressed"] : []),
    ...(body?.flags ?? []),
  ];
  return `${body?.before ?? ""}${words.join(" ")}`;
}

function methodFlags(method: string, hasBody: boolean): string[] {
  if (method === "GET" && !hasBody) return [];
  return method === "HEAD" ? ["--head"] : ["-X", quote(method)];
}

function headerFlags(
  headers: Headers,
  { secrets, hasBody }: { secrets: boolean; hasBody: boolean },
): string[] {
  const fields = Array.from(headers, ([name, value]) => {
    const shown = secrets ? value : redactHeader(name, value);
    // An empty value is written with a semicolon: with a colon, curl takes the field out.
    return shown === "" ? `${name};` : `${name}: ${shown}`;
  });
  const added = hasBody ? [...CURLS_OWN, "content-type", "expect"] : CURLS_OWN;
  const removed = added.filter(name => !headers.has(name)).map(name => `${name}:`);
  return [...fields, ...removed].flatMap(field => ["-H", quoteHeader(field)]);
}

interface CurlBody {
  readonly flags: readonly string[];
  /** A command that writes the body, where it can't be an argument. */
  readonly before?: string;
}

function bodyOf({ body }: Request): CurlBody | undefined {
  if (body === undefined) return undefined;
  // Opening a stream that can't be replayed would use it up.
  const content = body.replayable ? body.open() : undefined;
  if (!(content instanceof Uint8Array)) return { flags: ["--data-binary", "@-"] };
  const text = plainText(content);
  if (text !== undefined) return { flags: ["--data-raw", quote(text)] };
  const octal = Array.from(content, byte => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return { flags: ["--data-binary", "@-"], before: `printf '${octal}' | ` };
}

/** The text, if an argument can hold it: UTF-8, and no NUL. */
function plainText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // not text: it goes another way
  }
}

const PLAIN_WORD = /^[A-Za-z0-9_./:=@%+,-]+$/;

/** One word for the shell. */
function quote(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A header goes over the wire as latin1, and a shell's words are UTF-8: what is not ASCII is written as bytes. */
function quoteHeader(field: string): string {
  if (!/[\x80-\xff]/.test(field)) return quote(field);
  const escaped = field.replace(/[\\']/g, "\\$&");
  return `$'${escaped.replace(/[\x80-\xff]/g, char => `\\x${char.charCodeAt(0).toString(16)}`)}'`;
}
