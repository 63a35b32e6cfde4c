import type { Journal } from "./journal.ts";
import { LISTED_WIDTH } from "./journal-protocol.ts";

const PAGE = 4_000;

/** A row that the journal has from an earlier run. */
export interface RecordedRow {
  readonly line: number;
  readonly key: number;
  readonly state: number;
}

/** The rows of earlier runs, in the order of their lines, a page of them in memory at a time. */
export class RecordedRows {
  readonly #journal: Journal;
  /** There is none after it. */
  readonly lastLine: number;
  #page: Float64Array = new Float64Array(0);
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
    const [line, key, state] = this.#page.subarray(this.#at, this.#at + LISTED_WIDTH);
    return { line: line!, key: key!, state: state! };
  }

  take(): void {
    this.#at += LISTED_WIDTH;
  }

  async #load(): Promise<boolean> {
    if (this.#nextLine > this.lastLine) return false;
    this.#page = await this.#journal.call("list", { fromLine: this.#nextLine, limit: PAGE });
    this.#at = 0;
    if (this.#page.length === 0) return false;
    this.#nextLine = this.#page.at(-LISTED_WIDTH)! + 1;
    return true;
  }
}
