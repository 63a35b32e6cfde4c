import { FieldSection } from "./field-section.ts";
import type { FramingFields } from "./framing-fields.ts";
import { StatusLine } from "./status-line.ts";
import { FAULTY, type Fault, NEED_MORE } from "./violation.ts";

/** What a runtime does natively. */
export interface TextPort {
  /** Bytes as latin1 text: one character a byte. */
  latin1(bytes: Uint8Array, start: number, end: number): string;
}

export interface HeadLimits {
  readonly maxHeaderBytes: number;
  readonly maxFields: number;
}

/** What a head that came in pieces was put together in is kept for the next one, up to this size. */
const KEPT_BYTES = 4_096;
const NOTHING = new Uint8Array(0);

/**
 * Reads heads and trailer sections, and hands them out as text. A head in one piece, as nearly all are, is read where
 * it lies; one in pieces is put together first, each byte copied once.
 */
export class HeadReader {
  reason = "";
  fieldLines = "";
  faultAt = 0;
  fault: Fault | undefined = undefined;
  readonly #text: TextPort;
  readonly #maxBytes: number;
  readonly #statusLine = new StatusLine();
  readonly #section: FieldSection;
  #kind: "head" | "trailers" = "head";
  #inStatusLine = true;
  /** Counted from the first byte, like all positions here. */
  #fieldsStart = 0;
  #pieces = NOTHING;
  #piecesLength = 0;

  constructor(text: TextPort, framing: FramingFields, limits: HeadLimits) {
    this.#text = text;
    this.#maxBytes = limits.maxHeaderBytes;
    this.#section = new FieldSection(framing, limits.maxFields);
  }

  get status(): number {
    return this.#statusLine.status;
  }

  get minorVersion(): 0 | 1 {
    return this.#statusLine.minorVersion;
  }

  startHead(): void {
    this.#kind = "head";
    this.#inStatusLine = true;
    this.#statusLine.start();
    this.#section.start("field");
  }

  startTrailers(): void {
    this.#kind = "trailers";
    this.#inStatusLine = false;
    this.#fieldsStart = 0;
    this.#section.start("trailer");
  }

  /** Reads `bytes[start, end)`. Returns the position behind the empty line, NEED_MORE or FAULTY. */
  read(bytes: Uint8Array, start: number, end: number): number {
    if (this.#piecesLength > 0) return this.#readOn(bytes, start, end);
    const limit = Math.min(end, start + this.#maxBytes);
    this.#placeAt(start);
    const stop = this.#scan(bytes, start, limit);
    if (stop === NEED_MORE) {
      this.#append(bytes, start, limit);
      this.#placeAt(0);
      return this.#awaitMore();
    }
    if (stop !== FAULTY) this.#take(bytes, start, stop);
    return stop;
  }

  #readOn(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#piecesLength;
    this.#append(bytes, start, Math.min(end, start + this.#maxBytes - before));
    const stop = this.#scan(this.#pieces, before, this.#piecesLength);
    if (stop === NEED_MORE) return this.#awaitMore();
    if (stop === FAULTY) return FAULTY;
    this.#take(this.#pieces, 0, stop);
    this.#piecesLength = 0;
    if (this.#pieces.length > KEPT_BYTES) this.#pieces = NOTHING;
    return start + stop - before;
  }

  #scan(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#inStatusLine) {
      at = this.#statusLine.scan(bytes, start, end);
      if (at < 0) return at === FAULTY ? this.#failBy(this.#statusLine) : at;
      this.#inStatusLine = false;
      this.#fieldsStart = at - this.#section.origin;
    }
    at = this.#section.scan(bytes, at, end);
    return at === FAULTY ? this.#failBy(this.#section) : at;
  }

  /** The section's first byte lies at `origin` now. */
  #placeAt(origin: number): void {
    this.#statusLine.origin = origin;
    this.#section.origin = origin;
  }

  #take(bytes: Uint8Array, origin: number, end: number): void {
    const from = origin + this.#fieldsStart;
    const to = end - 2;
    this.fieldLines = from === to ? "" : this.#text.latin1(bytes, from, to);
    if (this.#kind === "head") this.reason = this.#readReason(bytes, origin);
  }

  /** A server says the same reason again and again: comparing it to the last one is cheaper than making a string. */
  #readReason(bytes: Uint8Array, origin: number): string {
    const from = origin + this.#statusLine.reasonStart;
    const to = origin + this.#statusLine.reasonEnd;
    const last = this.reason;
    let same = last.length === to - from;
    for (let i = 0; same && i < last.length; i++) same = last.charCodeAt(i) === bytes[from + i];
    return same ? last : this.#text.latin1(bytes, from, to);
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#piecesLength + end - start;
    if (length > this.#pieces.length) {
      const larger = new Uint8Array(Math.max(length, Math.min(2 * this.#pieces.length, this.#maxBytes), 512));
      larger.set(this.#pieces.subarray(0, this.#piecesLength));
      this.#pieces = larger;
    }
    this.#pieces.set(bytes.subarray(start, end), this.#piecesLength);
    this.#piecesLength = length;
  }

  #awaitMore(): number {
    if (this.#piecesLength < this.#maxBytes) return NEED_MORE;
    this.faultAt = this.#maxBytes;
    this.fault =
      this.#kind === "head"
        ? { code: "head-too-large", detail: `the head is larger than ${this.#maxBytes} bytes` }
        : { code: "trailers-too-large", detail: `the trailers are larger than ${this.#maxBytes} bytes` };
    return FAULTY;
  }

  #failBy(scanner: StatusLine | FieldSection): number {
    this.fault = scanner.fault;
    this.faultAt = scanner.faultAt;
    return FAULTY;
  }
}
