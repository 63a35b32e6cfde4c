import { findOutside, HTAB, nameCharacter, SPACE, TARGET, TEXT, TOKEN } from "../http1/char-classes.ts";
import { FieldViolation } from "../http1/request-writer.ts";
import type { Indexing } from "./hpack/hpack-encoder.ts";

export interface RequestFieldsOptions {
  /** Fields to treat as secrets, beside those that are always; asked with names in lower case. */
  readonly isSecret?: ((lowerCaseName: string) => boolean) | undefined;
}

/** RFC 9113 §8.2.2: they speak of one HTTP/1.1 connection. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

const SECRETS: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "set-cookie"]);

/** RFC 7541 §7.1.3: a short secret can be guessed. nghttp2 draws the line for cookies here as well. */
const SHORT_COOKIE = 20;

/** They change from request to request: in the table they would only drive out others. */
const PASSING: ReadonlySet<string> = new Set([
  ":path",
  "content-length",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "range",
  "last-event-id",
  "idempotency-key",
  "x-request-id",
  "traceparent",
  "tracestate",
]);

/** RFC 9113 §6.5.2: of each field in a list, besides its name and its value. */
export const FIELD_OVERHEAD = 32;

/** How much of a wrong name a message shows. */
const SHOWN = 40;

/**
 * The fields of a request as HTTP/2 sends them: checked, names in lower case, without those that only HTTP/1.1 knows.
 * To be made once for headers that many requests share: an encoder remembers what it made of them.
 */
export class RequestFields {
  /** name, value, name, value … */
  readonly fields: readonly string[];
  readonly indexing: readonly Indexing[];
  /** What they count for SETTINGS_MAX_HEADER_LIST_SIZE. */
  readonly listSize: number;
  /** What a `host` field says, in the place of the origin's own (RFC 9113 §8.3.1). */
  readonly authority: string | undefined;

  private constructor(
    fields: readonly string[],
    indexing: readonly Indexing[],
    authority: string | undefined,
  ) {
    this.fields = fields;
    this.listSize = fields.reduce((sum, text) => sum + text.length, indexing.length * FIELD_OVERHEAD);
    this.indexing = indexing;
    this.authority = authority;
  }

  /**
   * Names are tokens, and values latin1 without controls but HTAB (RFC 9110 §5.5); blanks around a value are left out.
   *
   * @throws FieldViolation naming the field, the character and its position; the value is not in the message
   */
  static from(
    pairs: Iterable<readonly [string, string]>,
    { isSecret }: RequestFieldsOptions = {},
  ): RequestFields {
    const fields: string[] = [];
    const indexing: Indexing[] = [];
    let authority: string | undefined;
    const checked = [...pairs].map(pair => checkField(pair));
    const dropped = namedByConnection(checked);
    for (const [name, value] of checked) {
      if (name === "host") authority = checkAuthority(value);
      else if (
        !CONNECTION_FIELDS.has(name) &&
        !dropped.has(name) &&
        (name !== "te" || value === "trailers")
      ) {
        fields.push(name, value);
        indexing.push(isSecret?.(name) ? "never" : indexingOf(name, value));
      }
    }
    return new RequestFields(fields, indexing, authority);
  }
}

/** How a field is put into a block when nobody says otherwise. */
function indexingOf(name: string, value: string): Indexing {
  if (SECRETS.has(name) || (name === "cookie" && value.length < SHORT_COOKIE)) return "never";
  return PASSING.has(name) ? "plain" : "indexed";
}

function checkField([name, value]: readonly [string, string]): [string, string] {
  checkText(`header name ${JSON.stringify(name.slice(0, SHOWN))}`, name, TOKEN);
  const trimmed = trimBlanks(value);
  const wrong = findOutside(trimmed, TEXT);
  if (wrong >= 0) {
    const position = wrong + value.indexOf(trimmed);
    throw new FieldViolation(`header "${name}"`, position, forbidden(value, position));
  }
  return [name.toLowerCase(), trimmed];
}

/** RFC 9110 §7.6.1: a connection field names further ones that end with the connection. */
function namedByConnection(fields: readonly (readonly [string, string])[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [name, value] of fields) {
    if (name !== "connection") continue;
    for (const option of value.split(",")) names.add(trimBlanks(option).toLowerCase());
  }
  return names;
}

function checkAuthority(value: string): string {
  checkText('header "host"', value, TARGET);
  return value;
}

export function checkText(part: string, text: string, allowed: Uint8Array): void {
  if (text === "") throw new FieldViolation(part, 0, "it is empty");
  const position = findOutside(text, allowed);
  if (position >= 0) throw new FieldViolation(part, position, forbidden(text, position));
}

function forbidden(text: string, position: number): string {
  return `${nameCharacter(text.charCodeAt(position))} at position ${position} can't be sent`;
}

function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === HTAB;
}
