import type { Journal } from "./journal.ts";
import { LISTED_WIDTH, type Validators } from "./journal-protocol.ts";

const PAGE = 4_000;

/** A row that the journal has from an earlier run. */
export interface RecordedRow {
  readonly line: number;
  readonly key: number;
  readonly state: number;
  /** 0 where there was no answer. */
  readonly status: number;
  /** A refresh has still to ask for it. */
  readonly isDue: boolean;
  /** Of an item that is due. */
  readonly validators: Validators | undefined;
}

/** The rows of earlier runs, in the order of their lines, a page of them in memory at a time. */
export class RecordedRows {
  readonly #journal: Journal;
  /** There is none after it. */
  readonly lastLine: number;
  #page: Float64Array = new Float64Array(0);
  #validators: ReadonlyMap<number, Validators> = new Map();
  #at = 0;
  #nextLine: number;

  constructor(journal: Journal, fromLine: number, lastLine: number) {
    this.#journal = journal;
    this.#nextLine = fromLine;
    this.lastLine = lastLine;
  }

  /** The next row; undefined after the last. `take` goes on to the one after it. */
  async peek(): Promise<RecordedRow | undefined> {
    if (this.#at === this.#page.length && !(await this.#load())) return undefined;
    const [line, key, state, status, due] = this.#page.subarray(this.#at, this.#at + LISTED_WIDTH);
    const validators = this.#validators.get(line!);
    return { line: line!, key: key!, state: state!, status: status!, isDue: due === 1, validators };
  }

  take(): void {
    this.#at += LISTED_WIDTH;
  }

  async #load(): Promise<boolean> {
    if (this.#nextLine > this.lastLine) return false;
    this.#page = await this.#journal.call("list", { fromLine: this.#nextLine, limit: PAGE });
    this.#at = 0;
    if (this.#page.length === 0) return false;
    const lastLine = this.#page.at(-LISTED_WIDTH)!;
    if (this.#hasDue()) {
      this.#validators = await this.#journal.call("validators", {
        fromLine: this.#page[0]!,
        toLine: lastLine,
      });
    }
    this.#nextLine = lastLine + 1;
    return true;
  }

  #hasDue(): boolean {
    for (let at = LISTED_WIDTH - 1; at < this.#page.length; at += LISTED_WIDTH)
      if (this.#page[at] === 1) return true;
    return false;
  }
}
