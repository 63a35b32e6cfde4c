import { stripVTControlCharacters } from "node:util";

/** The part of a terminal that the region needs. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

const TO_END_OF_LINE = "\x1b[K";
const TO_END_OF_SCREEN = "\x1b[J";

/**
 * A few lines at the bottom of a terminal, drawn over again in place. The cursor always rests below them and is never
 * hidden: so nothing has to be put right when the process dies, whatever killed it.
 */
export class LiveRegion {
  readonly #screen: Screen;
  #lines: readonly string[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Draws these lines in the place of those drawn before; one write, so that no half picture is seen. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, Math.max(1, this.#screen.rows - 1));
    const text = shown.map(line => `${line}${TO_END_OF_LINE}\n`).join("");
    this.#screen.write(`${this.#toTop()}${text}${TO_END_OF_SCREEN}`);
    this.#lines = shown;
  }

  /** Takes the lines away, for something that shall stay on the screen. */
  clear(): void {
    if (this.#lines.length > 0) this.#screen.write(`${this.#toTop()}${TO_END_OF_SCREEN}`);
    this.#lines = [];
  }

  #toTop(): string {
    const height = this.#lines.reduce((sum, line) => sum + this.#rowsOf(line), 0);
    return height === 0 ? "\r" : `\r\x1b[${height}A`;
  }

  /** A terminal that was made narrower since has wrapped what was drawn. */
  #rowsOf(line: string): number {
    return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / this.#screen.columns));
  }
}
