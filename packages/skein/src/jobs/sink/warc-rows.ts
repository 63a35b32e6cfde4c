import type { SettledTask } from "../../entry/node.ts";
import type { SourceItem } from "../source/source.ts";
import type { RowWriter } from "./row.ts";
import { exchangeRecords } from "./warc-exchange.ts";

/** What writes the row of an item. */
export type Rows = Pick<RowWriter, "settled" | "unknown">;

/** Rows that bring the records of their exchanges with them: see warc-codec.ts. */
export class WarcRows implements Rows {
  readonly #rows: Rows;
  readonly #bodyOf: (item: SourceItem) => string | undefined;

  /** @param bodyOf the content that an item is sent with */
  constructor(rows: Rows, bodyOf: (item: SourceItem) => string | undefined) {
    this.#rows = rows;
    this.#bodyOf = bodyOf;
  }

  settled(item: SourceItem, task: SettledTask<unknown, unknown>): string {
    const row = this.#rows.settled(item, task);
    if (task.response === undefined) return row;
    const records = exchangeRecords(task.response, this.#bodyOf(item)).toString("base64");
    return `${row.slice(0, -2)},"warc":"${records}"}\n`;
  }

  unknown(item: SourceItem): string {
    return this.#rows.unknown(item);
  }
}
