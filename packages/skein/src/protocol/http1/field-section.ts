import { COLON, CR, HTAB, LF, nameCharacter, SPACE, skipText, skipToken } from "./char-classes.ts";
import type { FramingFields } from "./framing-fields.ts";
import { FAULTY, type Fault, NEED_MORE, type ViolationCode } from "./violation.ts";

/**
 * Where in the section a byte stands. Each state has the one byte that leads on to the next; what is neither that nor
 * of the state's own class is the fault.
 *
 *   line-start ─token─► name ─":"─► value ─CR─► line-feed ─LF─► line-start ─CR─► last-line-feed ─LF─► (done)
 */
type Part = "line-start" | "name" | "value" | "line-feed" | "last-line-feed";

/**
 * Reads field lines (RFC 9112 §5) up to and with the empty line behind them: of a head, or of trailers. Byte after
 * byte, each once: where the bytes end, the next ones go on. The fields are checked, not taken apart; only those that
 * frame the message are looked at.
 *
 * Refused, though §2.2 and §5.2 would allow to mend them: a bare line feed, folded lines. What this client takes for
 * one line, something on the way may have taken for two.
 */
export class FieldSection {
  faultAt = 0;
  fault: Fault | undefined = undefined;
  /** Where in the array position 0 is; set by whoever moves the bytes. */
  origin = 0;
  readonly #framing: FramingFields;
  readonly #maxFields: number;
  #code: ViolationCode = "field";
  #part: Part = "line-start";
  #count = 0;
  #nameStart = 0;
  #valueStart = 0;

  constructor(framing: FramingFields, maxFields: number) {
    this.#framing = framing;
    this.#maxFields = maxFields;
  }

  start(code: "field" | "trailer"): void {
    this.#code = code;
    this.#part = "line-start";
    this.#count = 0;
  }

  /** Reads `bytes[start, end)`. Returns the position behind the empty line, NEED_MORE or FAULTY. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let part = this.#part;
    let at = start;
    // The parts in the order in which they follow each other: one turn takes a whole line.
    while (at < end) {
      if (part === "line-start") {
        if (bytes[at] === CR) {
          part = "last-line-feed";
          at += 1;
        } else {
          if (this.#count === this.#maxFields) return this.#failMany(at);
          this.#count += 1;
          this.#nameStart = at - this.origin;
          part = "name";
        }
      }
      if (part === "name") {
        at = skipToken(bytes, at, end);
        if (at === end) break;
        if (bytes[at] !== COLON || at - this.origin === this.#nameStart) return this.#fail(part, bytes, at);
        this.#framing.takeName(bytes, this.origin + this.#nameStart, at);
        at += 1;
        this.#valueStart = at - this.origin;
        part = "value";
      }
      if (part === "value") {
        at = skipText(bytes, at, end);
        if (at === end) break;
        if (bytes[at] !== CR) return this.#fail(part, bytes, at);
        this.fault = this.#framing.takeValue(bytes, this.origin + this.#valueStart, at);
        if (this.fault !== undefined) return this.#failValue();
        at += 1;
        part = "line-feed";
      }
      if (at === end) break;
      if (bytes[at] !== LF) return this.#fail(part, bytes, at);
      at += 1;
      if (part === "last-line-feed") return at;
      part = "line-start";
    }
    this.#part = part;
    return NEED_MORE;
  }

  #fail(part: Part, bytes: Uint8Array, at: number): number {
    this.faultAt = at - this.origin;
    this.fault = { code: this.#code, detail: this.#describe(part, bytes[at]!) };
    return FAULTY;
  }

  #failMany(at: number): number {
    this.faultAt = at - this.origin;
    this.fault = { code: "too-many-fields", detail: `more than ${this.#maxFields} field lines` };
    return FAULTY;
  }

  #failValue(): number {
    this.faultAt = this.#valueStart;
    return FAULTY;
  }

  #describe(part: Part, byte: number): string {
    const found = nameCharacter(byte);
    if (part === "line-feed" || part === "last-line-feed")
      return `a carriage return that ${found} follows, not a line feed`;
    if (part === "value") {
      return byte === LF ? "a line feed that no carriage return precedes" : `a field value holds ${found}`;
    }
    if (this.faultAt > this.#nameStart) return `a field name holds ${found}`;
    if (byte === SPACE || byte === HTAB) return "a folded line: white space where a field name should start";
    return byte === COLON ? "a field without a name" : `a field name starts with ${found}`;
  }
}
