import { isAscii, isUtf8 } from "node:buffer";
import { parseLine, rejectedLine } from "./parse-line.ts";
import type { SourceLine, SourcePosition } from "./source.ts";

const NEWLINE = 0x0a;
/** A line that is longer is rejected, and never held whole. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** How much of such a line is kept, to show it. */
const KEPT_BYTES = 4096;

/** Takes bytes as they come and gives the lines that they complete. A line ends in LF or CRLF, the last may end in none. */
export class LineReader {
  /** The beginning of a line whose end has not come. */
  #rest: Buffer[] = [];
  #restLength = 0;
  /** The line is too long already: what comes of it is dropped. */
  #dropping = false;
  #line: number;
  #offset: number;

  constructor(from: SourcePosition) {
    this.#line = from.line;
    this.#offset = from.offset;
  }

  push(chunk: Buffer): SourceLine[] {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.#keep(chunk);
      return [];
    }
    const lines: SourceLine[] = [];
    let start = 0;
    if (this.#restLength > 0) {
      start = chunk.indexOf(NEWLINE) + 1;
      this.#takeRest(chunk.subarray(0, start), lines);
    }
    if (start <= last) this.#takeLines(chunk.subarray(start, last + 1), lines);
    this.#keep(chunk.subarray(last + 1));
    return lines;
  }

  /** The last line, where no line break ended it. */
  end(): SourceLine[] {
    const lines: SourceLine[] = [];
    if (this.#restLength > 0) this.#takeRest(Buffer.alloc(0), lines);
    return lines;
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#restLength += bytes.length;
    if (this.#dropping) return;
    this.#rest.push(bytes);
    if (this.#restLength <= MAX_LINE_BYTES) return;
    this.#dropping = true;
    this.#rest = [Buffer.from(Buffer.concat(this.#rest).subarray(0, KEPT_BYTES))];
  }

  #takeRest(end: Buffer, lines: SourceLine[]): void {
    this.#keep(end);
    const line = Buffer.concat(this.#rest);
    const isTooLong = this.#dropping;
    const length = this.#restLength;
    this.#rest = [];
    this.#restLength = 0;
    this.#dropping = false;
    if (isTooLong) lines.push(this.#rejectTooLong(line, length));
    else this.#takeLines(line, lines);
  }

  #rejectTooLong(beginning: Buffer, length: number): SourceLine {
    this.#line++;
    this.#offset += length;
    return rejectedLine(beginning.toString(), `longer than ${MAX_LINE_BYTES} bytes`, this.#place());
  }

  /**
   * Whole lines. Each becomes a text of its own: cut out of one large text, a URL that is remembered somewhere would
   * keep all of it in memory.
   */
  #takeLines(bytes: Buffer, lines: SourceLine[]): void {
    const areAscii = isAscii(bytes);
    for (let start = 0; start < bytes.length; ) {
      const lineFeed = bytes.indexOf(NEWLINE, start);
      const next = lineFeed < 0 ? bytes.length : lineFeed + 1;
      this.#line++;
      this.#offset += next - start;
      const line = areAscii
        ? parseLine(bytes.toString("latin1", start, next), this.#place())
        : this.#parseUtf8(bytes.subarray(start, next));
      if (line !== undefined) lines.push(line);
      start = next;
    }
  }

  /** A byte order mark needs no word here: trim() takes it for white space. */
  #parseUtf8(bytes: Buffer): SourceLine | undefined {
    if (isUtf8(bytes)) return parseLine(bytes.toString("utf8"), this.#place());
    return rejectedLine(bytes.toString("utf8").trim(), "not UTF-8", this.#place());
  }

  #place(): { line: number; nextOffset: number } {
    return { line: this.#line, nextOffset: this.#offset };
  }
}
