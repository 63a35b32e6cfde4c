const LINE_END = /\r\n|\r|\n/;

/**
 * Cuts text that comes in chunks into lines, ended by CR, LF or CRLF and by nothing else. Each chunk is looked at once,
 * so that a line of many chunks costs no more than its length. A CR ends its line at once: an LF that the next chunk
 * begins with belongs to it.
 */
export class LineSplitter {
  /** The pieces of the line that has not ended. */
  #open: string[] = [];
  #afterCarriageReturn = false;
  /** Length of the line that has not ended, in UTF-16 code units. */
  openLength = 0;

  /** The lines that end in this chunk, without their ends. */
  push(text: string): string[] {
    if (text === "") return [];
    const parts = (this.#afterCarriageReturn && text.startsWith("\n") ? text.slice(1) : text).split(LINE_END);
    this.#afterCarriageReturn = text.endsWith("\r");
    const rest = parts.pop()!;
    if (parts.length > 0) parts[0] = this.#take() + parts[0]!;
    if (rest !== "") {
      this.#open.push(rest);
      this.openLength += rest.length;
    }
    return parts;
  }

  /** The last line, where the text does not end with the end of a line. */
  end(): string | undefined {
    return this.openLength === 0 ? undefined : this.#take();
  }

  #take(): string {
    const line = this.#open.join("");
    this.#open = [];
    this.openLength = 0;
    return line;
  }
}
