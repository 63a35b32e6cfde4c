import { COMMA, HTAB, SPACE, ZERO } from "./char-classes.ts";
import type { Fault } from "./violation.ts";

/** The fields that decide where a message ends and whether another may follow it. All others are not looked at. */
type FramingField = "content-length" | "transfer-encoding" | "connection" | "proxy-connection" | "keep-alive";

const TIMEOUT = "timeout=";
/** Longer than any server means; keeps the sum exact. */
const MOST_TIMEOUT_DIGITS = 9;
/** How much of a wrong value a message shows. */
const SHOWN = 40;

/** What the framing fields of one head, and of its trailers, say. One object serves all answers of a connection. */
export class FramingFields {
  /** -1: no such field. */
  contentLength = -1;
  chunked = false;
  close = false;
  keepAlive = false;
  /** From `keep-alive: timeout=N`; -1: not said. */
  keepAliveSeconds = -1;
  #field: FramingField | undefined = undefined;
  #inTrailers = false;

  reset(): void {
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.keepAliveSeconds = -1;
    this.#inTrailers = false;
  }

  /** From now on, a field that frames the message comes too late. */
  enterTrailers(): void {
    this.#inTrailers = true;
  }

  /** A field's name, `bytes[start, end)`, was read. */
  takeName(bytes: Uint8Array, start: number, end: number): void {
    this.#field = recognise(bytes, start, end);
  }

  /** Its value was read, with the white space around it. Returns what is wrong with it. */
  takeValue(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    const field = this.#field;
    if (field === undefined) return undefined;
    const from = skipBlanks(bytes, start, end);
    const to = dropBlanks(bytes, from, end);
    switch (field) {
      case "content-length":
        return this.#inTrailers ? tooLate(field) : this.#takeContentLength(bytes, from, to);
      case "transfer-encoding":
        return this.#inTrailers ? tooLate(field) : this.#takeTransferEncoding(bytes, from, end);
      case "connection":
      case "proxy-connection":
        this.#takeConnection(bytes, from, to);
        return undefined;
      case "keep-alive":
        this.#takeKeepAlive(bytes, from, to);
        return undefined;
    }
  }

  /**
   * RFC 9110 §8.6: `1*DIGIT`, once. Repeated equal values may be taken for one; we don't, as nobody can tell which of
   * two recipients on the way read it otherwise.
   */
  #takeContentLength(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    if (this.contentLength >= 0) return { code: "content-length", detail: "content-length came twice" };
    let length = start === end ? Number.NaN : 0;
    for (let i = start; i < end; i++) {
      const digit = bytes[i]! - ZERO;
      length = digit >= 0 && digit <= 9 ? length * 10 + digit : Number.NaN;
    }
    if (length <= Number.MAX_SAFE_INTEGER) {
      this.contentLength = length;
      return undefined;
    }
    const wrong = Number.isNaN(length) ? "is not a number" : "is too large";
    return { code: "content-length", detail: `content-length ${quote(bytes, start, end)} ${wrong}` };
  }

  /**
   * RFC 9112 §6.1. We ask for no coding but `chunked` (no TE field is sent): any other value is a contradiction. So is a
   * tab behind it: Node's parser, among others, then takes the body for one that is not chunked.
   */
  #takeTransferEncoding(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    const code = "transfer-encoding";
    if (this.chunked) return { code, detail: "transfer-encoding came twice" };
    let to = end;
    while (to > start && bytes[to - 1] === SPACE) to--;
    if (to - start !== 7 || !startsWith("chunked", bytes, start)) {
      return { code, detail: `transfer-encoding is ${quote(bytes, start, end)}, not "chunked"` };
    }
    this.chunked = true;
    return undefined;
  }

  /** RFC 9110 §7.6.1: a list of options. `proxy-connection` is no standard, but who sends `close` in it means it. */
  #takeConnection(bytes: Uint8Array, start: number, end: number): void {
    for (let from = start; from < end; ) {
      const next = endOfElement(bytes, from, end);
      const first = skipBlanks(bytes, from, next);
      const length = dropBlanks(bytes, first, next) - first;
      if (length === 5 && startsWith("close", bytes, first)) this.close = true;
      if (length === 10 && startsWith("keep-alive", bytes, first))
        this.keepAlive ||= this.#field === "connection";
      from = next + 1;
    }
  }

  /** `timeout=5, max=100`. A hint, so what can't be read is passed over; of several, the least. */
  #takeKeepAlive(bytes: Uint8Array, start: number, end: number): void {
    for (let from = start; from < end; ) {
      const next = endOfElement(bytes, from, end);
      const first = skipBlanks(bytes, from, next);
      if (next - first > TIMEOUT.length && startsWith(TIMEOUT, bytes, first)) {
        this.#limitKeepAlive(readSeconds(bytes, first + TIMEOUT.length, next));
      }
      from = next + 1;
    }
  }

  #limitKeepAlive(seconds: number): void {
    if (seconds < 0) return;
    if (this.keepAliveSeconds < 0 || seconds < this.keepAliveSeconds) this.keepAliveSeconds = seconds;
  }
}

/** Names are told apart by their length first: that alone dismisses most fields of a head. */
function recognise(bytes: Uint8Array, start: number, end: number): FramingField | undefined {
  switch (end - start) {
    case 10:
      if (startsWith("connection", bytes, start)) return "connection";
      return startsWith("keep-alive", bytes, start) ? "keep-alive" : undefined;
    case 14:
      return startsWith("content-length", bytes, start) ? "content-length" : undefined;
    case 16:
      return startsWith("proxy-connection", bytes, start) ? "proxy-connection" : undefined;
    case 17:
      return startsWith("transfer-encoding", bytes, start) ? "transfer-encoding" : undefined;
    default:
      return undefined;
  }
}

/** Whether the bytes from `start` spell `word`, whatever their case. There are at least as many. */
function startsWith(word: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < word.length; i++) {
    // Bit 5 makes letters small, and leaves "-" and "=" alone; what else it turns into one of them is a control,
    // which no field may hold.
    if ((bytes[start + i]! | 0x20) !== word.charCodeAt(i)) return false;
  }
  return true;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === HTAB;
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && isBlank(bytes[i])) i++;
  return i;
}

function dropBlanks(bytes: Uint8Array, start: number, end: number): number {
  let i = end;
  while (i > start && isBlank(bytes[i - 1])) i--;
  return i;
}

function endOfElement(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && bytes[i] !== COMMA) i++;
  return i;
}

/** The number that the element starts with; -1 where there is none, or none that makes sense. */
function readSeconds(bytes: Uint8Array, start: number, end: number): number {
  let seconds = 0;
  let i = start;
  for (; i < end && bytes[i]! >= ZERO && bytes[i]! <= ZERO + 9; i++)
    seconds = seconds * 10 + bytes[i]! - ZERO;
  return i === start || i - start > MOST_TIMEOUT_DIGITS ? -1 : seconds;
}

function tooLate(field: FramingField): Fault {
  return { code: "trailer", detail: `${field} came as a trailer, when the message had been framed already` };
}

function quote(bytes: Uint8Array, start: number, end: number): string {
  const cut = Math.min(end, start + SHOWN);
  return `"${String.fromCharCode(...bytes.subarray(start, cut))}${cut < end ? "…" : ""}"`;
}
