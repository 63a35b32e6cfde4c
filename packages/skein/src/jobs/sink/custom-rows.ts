import type { Response, SettledTask } from "../../entry/node.ts";
import type { SourceItem } from "../source/source.ts";
import type { Rows } from "./warc-rows.ts";

/** An item that has ended, as its row is made of it. */
export interface JobTask extends Pick<SettledTask<SourceItem, Response>, "error" | "attempts" | "timings"> {
  readonly state: "succeeded" | "failed";
  readonly item: SourceItem;
  readonly response: Response | undefined;
  /** How many answers led to the item, one after the other (see `add` of the job's options); 0 for an item of the list. */
  readonly depth: number;
}

/** What a program writes in the place of the standard row: an object that JSON can hold. */
export type CustomRow = Readonly<Record<string, unknown>>;

/** Rows that a program makes. */
export class CustomRows implements Rows {
  readonly #rows: Rows;
  readonly #rowOf: (task: JobTask) => CustomRow;

  /** @param rows for items of which nobody knows how they ended */
  constructor(rows: Rows, rowOf: (task: JobTask) => CustomRow) {
    this.#rows = rows;
    this.#rowOf = rowOf;
  }

  settled(item: SourceItem, task: SettledTask<unknown, unknown>): string {
    const row = this.#rowOf(taskOf(item, task));
    if (typeof row === "object" && row !== null && !Array.isArray(row)) return `${JSON.stringify(row)}\n`;
    throw new TypeError(`row: expected an object for each item; got ${row === null ? "null" : typeof row}`);
  }

  unknown(item: SourceItem): string {
    return this.#rows.unknown(item);
  }
}

/** A task that has ended, as programs see it. */
export function taskOf(item: SourceItem, task: SettledTask<unknown, unknown>): JobTask {
  const { state, error, attempts, timings, response } = task;
  return {
    item,
    depth: item.depth ?? 0,
    state: state as JobTask["state"],
    response: response as Response | undefined,
    error,
    attempts,
    timings,
  };
}
