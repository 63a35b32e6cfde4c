import { findOutside, HTAB, nameCharacter, SPACE, TARGET, TEXT, TOKEN } from "./char-classes.ts";

/** What we were asked to send is no HTTP. Nothing was sent. */
export class FieldViolation extends Error {
  /** What holds the character: `method`, `target`, `header name "x y"`, or `header "x-id"` for its value. */
  readonly part: string;
  /** Of the first wrong character; the length where something is missing. */
  readonly position: number;

  constructor(part: string, position: number, wrong: string) {
    super(`${part}: ${wrong}`);
    this.part = part;
    this.position = position;
  }
}
Object.defineProperty(FieldViolation.prototype, "name", {
  value: "FieldViolation",
  writable: true,
  configurable: true,
});

/** The chunk of size 0, and no trailers behind it. */
export const LAST_CHUNK = "0\r\n\r\n";

/** How much of a wrong name a message shows. */
const SHOWN = 40;

/** Methods that have been checked; registered ones, so that a program can't fill it. */
const KNOWN_METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "QUERY",
]);

/**
 * Field lines as they go over the wire: `name: value`, each ended by CRLF. A name is a token; a value is latin1 without
 * controls but HTAB (RFC 9110 §5.5), so that nothing in it can end the line. Spaces and tabs around a value are left
 * out: they are no part of it (§5.5), and a server that trims them otherwise than we do would see another value.
 *
 * @throws FieldViolation naming the field, the character and its position; the value is not in the message
 */
export function encodeFields(fields: Iterable<readonly [string, string]>): string {
  let lines = "";
  for (const [name, value] of fields) lines += encodeField(name, value);
  return lines;
}

/**
 * The head of a request: request line, the given field lines (of `encodeFields`) and the empty line.
 *
 * @throws FieldViolation when the method is no token, or the target is empty or holds anything but visible ASCII
 */
export function encodeRequestHead(method: string, target: string, fieldLines: string): string {
  if (!KNOWN_METHODS.has(method)) check("method", method, TOKEN);
  check("target", target, TARGET);
  return `${method} ${target} HTTP/1.1\r\n${fieldLines}\r\n`;
}

/** What stands in front of a chunk's data; behind it stands CRLF. A chunk of size 0 would end the body: refused. */
export function encodeChunkHead(length: number): string {
  if (!Number.isSafeInteger(length) || length < 1) throw new RangeError(`a chunk can't have ${length} bytes`);
  return `${length.toString(16)}\r\n`;
}

function encodeField(name: string, value: string): string {
  check(`header name ${JSON.stringify(name.slice(0, SHOWN))}`, name, TOKEN);
  const trimmed = trimBlanks(value);
  const wrong = findOutside(trimmed, TEXT);
  if (wrong >= 0) {
    const position = wrong + value.indexOf(trimmed);
    throw new FieldViolation(`header "${name}"`, position, forbidden(value, position));
  }
  return `${name}: ${trimmed}\r\n`;
}

function check(part: string, text: string, allowed: Uint8Array): void {
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
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === HTAB;
}
