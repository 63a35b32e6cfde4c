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
  #height = 0;
  #columns = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Draws these lines in the place of those drawn before; one write, so that no half picture is seen. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#screen;
    const shown = lines.slice(0, Math.max(1, rows - 1));
    const text = shown.map(line => `${line}${TO_END_OF_LINE}\n`).join("");
    this.#screen.write(`${this.#toTop()}${text}${TO_END_OF_SCREEN}`);
    this.#height = shown.length;
    this.#columns = columns;
  }

  /** Takes the lines away, for something that shall stay on the screen. */
  clear(): void {
    if (this.#height > 0) this.#screen.write(`${this.#toTop()}${TO_END_OF_SCREEN}`);
    this.#height = 0;
  }

  /**
   * Back to the first line. A terminal that was made narrower has wrapped the lines or not, as its kind is: going up too
   * far would wipe out what is not ours, so the old picture is left, and the next one begins below it.
   */
  #toTop(): string {
    const lost = this.#screen.columns < this.#columns;
    return lost || this.#height === 0 ? "\r" : `\r\x1b[${this.#height}A`;
  }
}
