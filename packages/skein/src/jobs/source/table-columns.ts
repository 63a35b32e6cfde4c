import { JobError } from "../job-error.ts";
import { checkedUrl, LineProblem } from "./checked-url.ts";
import { type LinePlace, rejectedLine } from "./parse-line.ts";
import { textKey } from "./request-key.ts";
import type { SourceLine } from "./source.ts";

/** What the columns of a table mean: one holds the URLs, one may hold ids, the others are kept as they are. */
export class TableColumns {
  readonly #names: readonly string[];
  readonly #url: number;
  readonly #id: number;

  /** @throws JobError when there is no such column */
  constructor(names: readonly string[], urlColumn: string | number | undefined, list: string) {
    this.#names = names.map(name => name.trim());
    this.#url = this.#find(urlColumn, list);
    this.#id = this.#names.findIndex((name, index) => name.toLowerCase() === "id" && index !== this.#url);
  }

  /** The item of a row. */
  lineOf(cells: readonly unknown[], place: LinePlace): SourceLine {
    try {
      const url = checkedUrl(this.#urlText(cells));
      const id = idIn(this.#id < 0 ? undefined : cells[this.#id]);
      return {
        kind: "item",
        ...place,
        ...(id === undefined ? undefined : { id }),
        request: { url },
        key: textKey(url),
        ...this.#meta(cells),
      };
    } catch (error) {
      if (error instanceof LineProblem) return rejectedLine(cells.join(","), error.message, place);
      throw error;
    }
  }

  #urlText(cells: readonly unknown[]): string {
    const cell = cells[this.#url] ?? "";
    const text = typeof cell === "string" ? cell.trim() : undefined;
    if (text !== undefined && text !== "") return text;
    const how = text === "" ? "is empty" : `holds a ${typeof cell}`;
    throw new LineProblem(`the column of URLs, ${JSON.stringify(this.#names[this.#url])}, ${how}`);
  }

  /** Undefined where there is no other column. Cells beyond the header are called by their number. */
  #meta(cells: readonly unknown[]): { meta: Record<string, unknown> } | undefined {
    // No prototype: a column may be called `__proto__`.
    const meta: Record<string, unknown> = Object.create(null);
    let isEmpty = true;
    for (let index = 0; index < cells.length; index++) {
      if (index === this.#url || index === this.#id) continue;
      meta[this.#names[index] || `${index + 1}`] = cells[index];
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
      { path: list },
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

/** What is no number (NaN, as a column of numbers has where one is missing) is no id either. */
function idIn(cell: unknown): string | number | undefined {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : undefined;
  return typeof cell === "string" && cell !== "" ? cell : undefined;
}
