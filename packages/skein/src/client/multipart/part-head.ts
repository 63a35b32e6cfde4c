import { InvalidOption } from "../../core/errors.ts";
import { Headers, type HeadersInit } from "../../core/headers.ts";

/** What stands above a part's content. */
export interface PartFacts {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string | undefined;
  readonly headers: HeadersInit | undefined;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A field's value holds no control but HTAB (RFC 9110 §5.5). */
const VALUE = /^[\t -~\u0080-\u{10ffff}]*$/u;

/** What multipart/form-data says by itself (RFC 7578 §4). */
const OWN = new Set(["content-disposition", "content-length"]);

/**
 * The head of a part with the empty line behind it, as the HTML standard writes it ("multipart/form-data encoding
 * algorithm"): names and filenames in UTF-8, with `"`, CR and LF percent-encoded, so that they can end nothing.
 *
 * @throws InvalidOption naming the part, and the header that can't be sent
 */
export function encodePartHead(facts: PartFacts): string {
  const { name, filename, type } = facts;
  const headers = Headers.from(facts.headers);
  const file = filename === undefined ? "" : `; filename="${quoted(filename)}"`;
  let head = `Content-Disposition: form-data; name="${quoted(name)}"${file}\r\n`;
  if (type !== undefined && !headers.has("content-type")) head += field(name, "Content-Type", type);
  for (const [header, value] of headers) head += field(name, header, value);
  return `${head}\r\n`;
}

function quoted(text: string): string {
  return text.replace(/[\n\r"]/g, character =>
    character === '"' ? "%22" : character === "\n" ? "%0A" : "%0D",
  );
}

function field(part: string, name: string, value: string): string {
  const where = `multipart ${JSON.stringify(part)}: header ${JSON.stringify(name)}`;
  if (!TOKEN.test(name)) throw new InvalidOption(`${where} is no header name`);
  if (OWN.has(name.toLowerCase())) throw new InvalidOption(`${where} is the client's own to set`);
  if (!VALUE.test(value)) throw new InvalidOption(`${where} has a value with a control character`);
  return `${name}: ${value}\r\n`;
}
