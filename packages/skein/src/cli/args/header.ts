import { UsageError } from "../exit-code.ts";

/** A header field to send; `null` leaves out the one that would be sent otherwise. */
export type HeaderArgument = readonly [name: string, value: string | null];

const FLAG = "-H, --header";
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A second opinion of these would desynchronise the peers: the client refuses them, request by request. */
const FRAMING = /^(content-length|transfer-encoding|connection)$/i;
/** Visible ASCII, spaces and tabs (RFC 9110 §5.5); what lies above ASCII has no agreed meaning in a header. */
const VALUE = /^[\t\x20-\x7e]*$/;

/**
 * `Name: value`. As in curl, `Name:` leaves a default header out, and `Name;` sends it empty. Messages name the field,
 * never its value: it may be a secret.
 */
export function parseHeader(text: string): HeaderArgument {
  const colon = text.indexOf(":");
  if (colon < 0 && text.endsWith(";")) return [checkedName(text.slice(0, -1)), ""];
  if (colon < 0) {
    throw new UsageError(`${FLAG}: expected "Name: value"; there is no colon in what was given`);
  }
  const name = checkedName(text.slice(0, colon));
  const value = checkedHeaderValue(
    `${FLAG}: the value of ${name}`,
    text.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, ""),
  );
  if (value === "") return [name, null];
  if (!FRAMING.test(name)) return [name, value];
  throw new UsageError(`${FLAG}: ${name} says where a message ends, which is ours to say; leave it out`);
}

/** A header's value; what it is the value of begins the message. */
export function checkedHeaderValue(what: string, value: string): string {
  if (VALUE.test(value)) return value;
  throw new UsageError(`${what} holds ${culprit(value)}`);
}

/** Fields of one name become one, as RFC 9110 §5.3 allows (and RFC 6265 §5.4 for cookies). */
export function joinHeaders(headers: readonly HeaderArgument[]): Record<string, string | null> {
  const joined = new Map<string, HeaderArgument>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const [firstName, before] = joined.get(key) ?? [name, null];
    const glue = key === "cookie" ? "; " : ", ";
    joined.set(key, [firstName, before === null || value === null ? value : before + glue + value]);
  }
  return Object.fromEntries(joined.values());
}

function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  const shown = JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
  throw new UsageError(`${FLAG}: ${shown} is no header name; expected letters, digits and hyphens`);
}

function culprit(value: string): string {
  if (/[\r\n]/.test(value)) return "a line break, which would begin another header; expected one line";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
  if (/[\x00-\x1f\x7f]/.test(value)) return "a control character; expected text";
  return "a character beyond ASCII; encode it as the server expects it (often percent-encoding)";
}
