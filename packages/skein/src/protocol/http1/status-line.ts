import { CR, LF, nameCharacter, SPACE, skipText, ZERO } from "./char-classes.ts";
import { FAULTY, type Fault, NEED_MORE } from "./violation.ts";

const VERSION = Uint8Array.from("HTTP/1.", character => character.charCodeAt(0));
/** `HTTP/1.1 200 `: what stands in front of the reason phrase has its fixed columns. */
const MINOR = 7;
const FIRST_SPACE = 8;
const STATUS = 9;
const AFTER_STATUS = 12;

/**
 * Reads a status line (RFC 9112 §4), byte after byte, each once: where the bytes end, the next ones go on. Garbage is
 * refused at its first byte, without waiting for a line end.
 *
 * - Versions: 1.0 and 1.1. The RFC would have 1.2 read as 1.1; there is none, so who says so is not to be trusted.
 * - Statuses: 100 to 999. RFC 9110 §15 ends at 599, but servers do send 999, and want it to be understood as a refusal.
 * - The reason phrase may be missing, and then the space before it too, as many servers leave out both.
 */
export class StatusLine {
  status = 0;
  minorVersion: 0 | 1 = 1;
  /** Like all positions here, counted from the line's first byte. */
  reasonStart = 0;
  reasonEnd = 0;
  faultAt = 0;
  fault: Fault | undefined = undefined;
  /** Where in the array the line's first byte is; set by whoever moves it. */
  origin = 0;
  #part: "columns" | "reason" | "line-feed" = "columns";

  start(): void {
    this.status = 0;
    this.#part = "columns";
  }

  /** Reads `bytes[start, end)`. Returns the position behind the line, NEED_MORE or FAULTY. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#part === "columns") {
      at = this.#scanColumns(bytes, start, end);
      if (at < 0) return at;
    }
    if (this.#part === "reason") {
      at = skipText(bytes, at, end);
      if (at === end) return NEED_MORE;
      if (bytes[at] !== CR) return this.#fail(at, bytes[at]!);
      this.reasonEnd = at - this.origin;
      this.#part = "line-feed";
      at += 1;
    }
    if (at === end) return NEED_MORE;
    return bytes[at] === LF ? at + 1 : this.#fail(at, bytes[at]!);
  }

  /** What stands at fixed columns. Returns the position behind it, NEED_MORE or FAULTY. */
  #scanColumns(bytes: Uint8Array, start: number, end: number): number {
    const { origin } = this;
    for (let at = start; at < end; at++) {
      const column = at - origin;
      const byte = bytes[at]!;
      if (column < VERSION.length ? byte !== VERSION[column] : !this.#takeColumn(column, byte)) {
        return this.#fail(at, byte);
      }
      if (column === AFTER_STATUS) return at + 1;
    }
    return NEED_MORE;
  }

  #takeColumn(column: number, byte: number): boolean {
    const digit = byte - ZERO;
    switch (column) {
      case MINOR:
        this.minorVersion = digit === 0 ? 0 : 1;
        return digit === 0 || digit === 1;
      case FIRST_SPACE:
        return byte === SPACE;
      case AFTER_STATUS:
        this.reasonStart = this.reasonEnd = byte === CR ? column : column + 1;
        this.#part = byte === CR ? "line-feed" : "reason";
        return byte === CR || byte === SPACE;
      default:
        this.status = this.status * 10 + digit;
        return digit <= 9 && digit >= (column === STATUS ? 1 : 0);
    }
  }

  #fail(at: number, byte: number): number {
    this.faultAt = at - this.origin;
    this.fault = { code: "status-line", detail: this.#describe(byte) };
    return FAULTY;
  }

  #describe(byte: number): string {
    if (this.#part === "line-feed")
      return `the status line has a carriage return that ${nameCharacter(byte)} follows`;
    if (this.#part === "reason" && this.faultAt > AFTER_STATUS)
      return `the reason phrase holds ${nameCharacter(byte)}`;
    if (this.faultAt <= FIRST_SPACE) return 'the answer does not start with "HTTP/1.1 " or "HTTP/1.0 "';
    return "the status is not three digits, of which the first is not 0";
  }
}
