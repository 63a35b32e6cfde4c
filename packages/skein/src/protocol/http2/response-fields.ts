import { HTAB, nameCharacter, SPACE, skipText, ZERO } from "../http1/char-classes.ts";
import type { TextPort } from "../http1/head-reader.ts";
import type { FieldList } from "./hpack/field-list.ts";

/** RFC 9113 §8.2.1, and the characters of a token (RFC 9110 §5.6.2) but for capital letters. */
const NAME = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(/[0-9a-z!#$%&'*+\-.^_`|~]/.test(String.fromCharCode(byte))),
);

const COLON = 0x3a;
const STATUS = ":status";
/** `: ` in front of a value, CRLF behind it. */
const SEPARATOR_BYTES = 2;
/** How much of a wrong name or value a message shows. */
const SHOWN = 40;

/**
 * Checks the fields of a response, or of its trailers (RFC 9113 §8.1–§8.3), and makes them one text. What is wrong with
 * them is in `fault`: the response is malformed then, which is a stream error PROTOCOL_ERROR (§8.1.1). One object serves
 * all responses of a connection.
 */
export class ResponseFields {
  /** Of three digits, the first not 0; 0 for trailers. */
  status = 0;
  /** -1: no such field. */
  contentLength = -1;
  /** The fields without `:status`, as latin1 text: `name: value`, each ended by CRLF. */
  fieldLines = "";
  fault = "";
  readonly #text: TextPort;
  /** The list that was read as a head, and its revision: the same one again needs no other look. */
  #list: FieldList | undefined = undefined;
  #revision = 0;

  constructor(text: TextPort) {
    this.#text = text;
  }

  /** An interim head or a final one. */
  readHead(list: FieldList): boolean {
    if (list === this.#list && list.revision === this.#revision) return this.fault === "";
    this.#reset();
    const isRight = this.#readHead(list);
    this.#list = list;
    this.#revision = list.revision;
    return isRight;
  }

  #readHead(list: FieldList): boolean {
    if (!this.#readStatus(list)) return false;
    if (!this.#readFields(list, 1)) return false;
    // RFC 9110 §15.2: it has no body. Who announces one all the same means another kind of answer.
    if (this.status < 200 && this.contentLength > 0)
      return this.#fail("an interim answer that announces a body");
    return true;
  }

  readTrailers(list: FieldList): boolean {
    this.#reset();
    if (!this.#readFields(list, 0)) return false;
    if (this.contentLength >= 0) return this.#fail("content-length came as a trailer");
    return true;
  }

  #reset(): void {
    this.#list = undefined;
    this.status = 0;
    this.contentLength = -1;
    this.fieldLines = "";
    this.fault = "";
  }

  /** §8.3.2: it stands first, once, and is the only pseudo-header field of a response. */
  #readStatus(list: FieldList): boolean {
    const { bytes } = list;
    if (list.count === 0 || list.nameEnds[0] !== STATUS.length || !spells(STATUS, bytes, 0)) {
      return this.#fail("the answer does not begin with :status");
    }
    const start = STATUS.length + SEPARATOR_BYTES;
    const end = list.ends[0]! - SEPARATOR_BYTES;
    const status = readNumber(bytes, start, end);
    if (end - start !== 3 || !(status >= 100)) {
      return this.#fail(
        `:status is ${quote(bytes, start, end)}, not three digits of which the first is not 0`,
      );
    }
    // §8.6: HTTP/2 has no upgrade.
    if (status === 101) return this.#fail("the server switches protocols (101), which HTTP/2 can't");
    this.status = status;
    return true;
  }

  #readFields(list: FieldList, first: number): boolean {
    const from = list.startOf(first);
    let start = from;
    for (let field = first; field < list.count; field++) {
      const end = list.ends[field]!;
      if (!this.#readField(list, field, start)) return false;
      start = end;
    }
    this.fieldLines = from === start ? "" : this.#text.latin1(list.bytes, from, start);
    return true;
  }

  #readField({ bytes, nameEnds, ends }: FieldList, field: number, start: number): boolean {
    const nameEnd = nameEnds[field]!;
    const valueStart = nameEnd + SEPARATOR_BYTES;
    const valueEnd = ends[field]! - SEPARATOR_BYTES;
    if (start === nameEnd) return this.#fail("a field without a name");
    const wrongName = skipName(bytes, start, nameEnd);
    if (wrongName < nameEnd) return this.#failName(bytes, wrongName, start);
    const wrongValue = skipText(bytes, valueStart, valueEnd);
    if (wrongValue < valueEnd) return this.#fail(`a field value holds ${nameCharacter(bytes[wrongValue]!)}`);
    if (valueStart < valueEnd && (isBlank(bytes[valueStart]!) || isBlank(bytes[valueEnd - 1]!)))
      return this.#fail("a field value with white space around it");
    if (isOfConnection(bytes, start, nameEnd))
      return this.#fail(`a ${quote(bytes, start, nameEnd)} field, which HTTP/2 does not have`);
    if (nameEnd - start !== 14 || !spells("content-length", bytes, start)) return true;
    return this.#takeContentLength(bytes, valueStart, valueEnd);
  }

  /** RFC 9110 §8.6: `1*DIGIT`, once; equal ones are not taken for one either. */
  #takeContentLength(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.contentLength >= 0) return this.#fail("content-length came twice");
    const length = readNumber(bytes, start, end);
    if (length <= Number.MAX_SAFE_INTEGER) {
      this.contentLength = length;
      return true;
    }
    const wrong = Number.isNaN(length) ? "is not a number" : "is too large";
    return this.#fail(`content-length ${quote(bytes, start, end)} ${wrong}`);
  }

  #failName(bytes: Uint8Array, at: number, start: number): false {
    // §8.3: only in front of all others, and never in trailers.
    if (at === start && bytes[at] === COLON) return this.#fail("a pseudo-header field where none belongs");
    return this.#fail(`a field name holds ${nameCharacter(bytes[at]!)}`);
  }

  #fail(fault: string): false {
    this.fault = fault;
    return false;
  }
}

/**
 * How many bytes of data an answer must have: RFC 9113 §8.1.1 holds servers to their content-length. -1: any number. It
 * is 0, whatever the field says, where an answer has no content (RFC 9110 §6.4.1).
 */
export function expectedDataLength(
  method: string,
  { status, contentLength }: Pick<ResponseFields, "status" | "contentLength">,
): number {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return 0;
  // What follows a 2xx to CONNECT is a tunnel's.
  return method === "CONNECT" && status < 300 ? -1 : contentLength;
}

/** The position of the first byte from `start` that no name may have; `end` if there is none. */
function skipName(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && NAME[bytes[at]!] === 1) at += 1;
  return at;
}

/** §8.2.2. `te` is for requests only. Names are told apart by their length first. */
function isOfConnection(bytes: Uint8Array, start: number, end: number): boolean {
  switch (end - start) {
    case 2:
      return spells("te", bytes, start);
    case 7:
      return spells("upgrade", bytes, start);
    case 10:
      return spells("connection", bytes, start) || spells("keep-alive", bytes, start);
    case 16:
      return spells("proxy-connection", bytes, start);
    case 17:
      return spells("transfer-encoding", bytes, start);
    default:
      return false;
  }
}

/** Whether the bytes from `start` spell `word`. */
function spells(word: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** NaN when there is anything but digits, or nothing. */
function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let number = start === end ? Number.NaN : 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : Number.NaN;
  }
  return number;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === HTAB;
}

function quote(bytes: Uint8Array, start: number, end: number): string {
  const cut = Math.min(end, start + SHOWN);
  return `"${String.fromCharCode(...bytes.subarray(start, cut))}${cut < end ? "…" : ""}"`;
}
