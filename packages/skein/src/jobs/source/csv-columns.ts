import { JobError } from "../job-error.ts";
import { checkedUrl, LineProblem } from "./checked-url.ts";
import { type LinePlace, rejectedLine } from "./parse-line.ts";
import { textKey } from "./request-key.ts";
import type { SourceLine } from "./source.ts";

const ABSOLUTE = /^https?:\/\//i;

/** What the columns of a table mean: one holds the URLs, one may hold ids, the others are kept as they are. */
export class CsvColumns {
  readonly hasHeader: boolean;
  readonly #names: readonly string[];
  readonly #url: number;
  readonly #id: number;

  /**
   * @param first the first row. It is the header, unless the column of URLs is given by its number and this row has a URL
   * there
   * @throws JobError when there is no such column
   */
  constructor(first: readonly string[], urlColumn: string | number | undefined, list: string) {
    this.hasHeader = !(typeof urlColumn === "number" && ABSOLUTE.test(first[urlColumn - 1]?.trim() ?? ""));
    this.#names = this.hasHeader ? first.map(name => name.trim()) : first.map((_, index) => `${index + 1}`);
    this.#url = this.#find(urlColumn, list);
    this.#id = this.#names.findIndex((name, index) => name.toLowerCase() === "id" && index !== this.#url);
  }

  /** The item of a row. */
  lineOf(cells: readonly string[], place: LinePlace): SourceLine {
    const text = cells[this.#url]?.trim() ?? "";
    try {
      if (text === "") throw new LineProblem(`the column of URLs, ${this.#urlName}, is empty`);
      const url = checkedUrl(text);
      const id = this.#id < 0 ? undefined : cells[this.#id];
      return {
        kind: "item",
        ...place,
        ...(id === undefined || id === "" ? undefined : { id }),
        request: { url },
        key: textKey(url),
        ...this.#meta(cells),
      };
    } catch (error) {
      if (error instanceof LineProblem) return rejectedLine(cells.join(","), error.message, place);
      throw error;
    }
  }

  get #urlName(): string {
    return this.hasHeader ? JSON.stringify(this.#names[this.#url]) : `column ${this.#url + 1}`;
  }

  /** Undefined where there is no other column. Cells beyond the header are called by their number. */
  #meta(cells: readonly string[]): { meta: Record<string, string> } | undefined {
    // No prototype: a column may be called `__proto__`.
    const meta: Record<string, string> = Object.create(null);
    let isEmpty = true;
    for (let index = 0; index < cells.length; index++) {
      if (index === this.#url || index === this.#id) continue;
      meta[this.#names[index] || `${index + 1}`] = cells[index]!;
      isEmpty = false;
    }
    return isEmpty ? undefined : { meta };
  }

  #find(urlColumn: string | number | undefined, list: string): number {
    const index = this.#indexOf(urlColumn);
    if (index >= 0) return index;
    const shown = this.#names.map(name => JSON.stringify(name)).join(", ");
    const wanted =
      urlColumn === undefined
        ? 'no column is called "url": say which one holds the URLs'
        : `there is no column ${JSON.stringify(urlColumn)}`;
    throw new JobError(
      "SOURCE_UNREADABLE",
      `can't read the list ${list}: ${wanted}; its columns are ${shown}`,
      {
        path: list,
      },
    );
  }

  #indexOf(urlColumn: string | number | undefined): number {
    if (typeof urlColumn === "number") return urlColumn <= this.#names.length ? urlColumn - 1 : -1;
    const wanted = urlColumn ?? "url";
    const exact = this.#names.indexOf(wanted);
    if (exact >= 0) return exact;
    const alike = this.#names.findIndex(name => name.toLowerCase() === wanted.toLowerCase());
    // A table of one column needs no name for it.
    return alike < 0 && urlColumn === undefined && this.#names.length === 1 ? 0 : alike;
  }
}
