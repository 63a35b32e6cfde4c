// A list may grow while its job lasts, and nothing else: every line that the journal knows must still be what it was.

import { JobError } from "../job-error.ts";
import { ItemState } from "../journal/journal-protocol.ts";
import type { RecordedRow, RecordedRows } from "../journal/recorded-rows.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";

/** Compares the lines of a list, as they are read in order, with the rows of earlier runs. */
export class KnownLines {
  readonly #rows: RecordedRows;
  readonly #name: string;

  constructor(rows: RecordedRows, name: string) {
    this.#rows = rows;
    this.#name = name;
  }

  /** Whether an earlier run may have read this line. */
  reachesTo(line: number): boolean {
    return line <= this.#rows.lastLine;
  }

  /**
   * The state that an earlier run left a line in; undefined when it has not been read before, or is pending.
   *
   * @throws JobError JOB_DIFFERS when it was another line then
   */
  async stateOf(line: SourceLine): Promise<number | undefined> {
    const row = await this.rowOf(line);
    return row?.isDue === true ? undefined : row?.state;
  }

  /** As `stateOf`, with all that is known of the line; also where a refresh has still to ask for it. */
  async rowOf(line: SourceLine): Promise<RecordedRow | undefined> {
    if (!this.reachesTo(line.line)) return undefined;
    const row = await this.#rows.peek();
    if (row === undefined || row.line > line.line) return undefined;
    const isRejected = row.state === ItemState.rejected;
    if (row.line < line.line || row.key !== line.key || isRejected !== (line.kind === "rejected")) {
      throw differs(
        this.#name,
        `line ${row.line} ${isRejected ? "(a bad one then) " : ""}is not what it was`,
      );
    }
    this.#rows.take();
    return row;
  }

  /** @throws JobError JOB_DIFFERS when the journal knows lines after the last one that was read */
  async end(): Promise<void> {
    const row = await this.#rows.peek();
    if (row !== undefined) throw differs(this.#name, `line ${row.line} is gone`);
  }
}

export interface CheckedList {
  /** Where the first line stands that has not ended. */
  readonly position: SourcePosition;
  /** Whether there is such a line. */
  readonly isPending: boolean;
}

/** Reads a list from its start, as far as the journal knows it. */
export async function checkList(source: Source, rows: RecordedRows): Promise<CheckedList> {
  const known = new KnownLines(rows, source.name);
  let position: SourcePosition = { offset: 0, line: 0 };
  let isPending = false;
  for await (const block of source.blocks(position)) {
    for (const line of block) {
      const state = await known.stateOf(line);
      if (state === undefined || state === ItemState.sent) isPending = true;
      if (!isPending) position = { offset: line.nextOffset, line: line.line };
    }
    if (isPending && block.at(-1)!.line > rows.lastLine) return { position, isPending };
  }
  await known.end();
  return { position, isPending };
}

function differs(name: string, how: string): JobError {
  return new JobError(
    "JOB_DIFFERS",
    `the list ${name} was changed since this job began: ${how}. New lines go at its end; another list needs another output, or begin anew`,
    { path: name },
  );
}
