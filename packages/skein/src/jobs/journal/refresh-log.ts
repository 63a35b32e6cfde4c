// What a journal knows of a refresh: all items of a job asked for once more.
//
// The output stays as it is until the refresh has ended, and so does what `items` says of its rows. New rows go
// into a file beside it (see refresh.ts); `refreshed` has a row for each line that has been asked for again, and says whether
// its former row stays. `former` has the order of the rows in the output, by which those that are replaced are found: rows
// themselves do not say of which line they are.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { JobError } from "../job-error.ts";
import { ItemState, REFRESH_STATES } from "./journal-protocol.ts";
import { checkWhole } from "./journal-schema.ts";

/** Each value is bound once: Node 22 does not bind parameters that have numbers. */
const INSERT_REFRESHED = `
  INSERT INTO refreshed (line, state, status, error, keeps)
  WITH ended (line, state, status, error, keeps) AS (VALUES (?, ?, ?, ?, ?))
  SELECT line, state, status,
    CASE WHEN error IS NULL AND keeps = 1 THEN (SELECT error FROM items WHERE items.line = ended.line) ELSE error END, keeps
  FROM ended`;

/** What the answers of the output's rows can be asked about with: `results` is to have the rows of the refresh. */
const REMEMBER_VALIDATORS = `
  INSERT INTO validators (line, validators) SELECT line, validators FROM results WHERE validators IS NOT NULL`;

/** A row that stays keeps what it can be asked about with. */
const KEEP_VALIDATORS = `
  UPDATE results SET validators = validators.validators FROM validators, refreshed
  WHERE validators.line = results.line AND refreshed.line = results.line AND refreshed.keeps = 1`;

/** Rows that stay come before those that the refresh writes, which are numbered from 1: their places are below that. */
const REMEMBER_ORDER = `
  INSERT INTO former (line, place)
  SELECT line, coalesce(place, number) - (SELECT max(coalesce(place, number)) FROM results) - 1
  FROM results WHERE state <> ${ItemState.rejected}`;

/** Every method that writes belongs to the transaction of its caller. */
export class RefreshLog {
  readonly #database: DatabaseSync;
  #insertRefreshed: StatementSync | undefined;
  #placeOf: StatementSync | undefined;
  /** Held while its rows are read: Node 22 finalizes a statement that nobody holds, whoever iterates over it. */
  #staying: StatementSync | undefined;
  #isUnderWay: boolean | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get isUnderWay(): boolean {
    this.#isUnderWay ??= this.#database.prepare("SELECT refresh_bytes FROM job").get()?.refresh_bytes != null;
    return this.#isUnderWay;
  }

  /** Bytes of the new rows that count. */
  get bytes(): number {
    return Number(this.#database.prepare("SELECT refresh_bytes FROM job").get()?.refresh_bytes ?? 0);
  }

  /** @throws JobError CANNOT_REFRESH where the order of the rows is not known, JOURNAL_CORRUPT */
  begin(path: string): void {
    // It goes by the results, which are not checked whenever a large journal is opened.
    checkWhole(this.#database, path);
    const { items, results, old } = this.#database
      .prepare(
        `SELECT (SELECT count(*) FROM items WHERE state NOT IN (${ItemState.sent}, ${ItemState.rejected})) AS items,
          (SELECT count(*) FROM results WHERE state <> ${ItemState.rejected}) AS results,
          EXISTS (SELECT 1 FROM results WHERE ended_at IS NULL) AS old`,
      )
      .get() as Record<string, number>;
    if (items !== results || old === 1) throw cannotRefresh(path);
    this.#database.exec(`
      DELETE FROM refreshed; DELETE FROM former; DELETE FROM validators;
      ${REMEMBER_ORDER};
      ${REMEMBER_VALIDATORS};
      DELETE FROM results WHERE state <> ${ItemState.rejected};
      DELETE FROM timeline; DELETE FROM origin_timeline;
      UPDATE job SET refresh_bytes = 0, refreshes = refreshes + 1, complete = 0, source_offset = 0, source_line = 0,
        generation = generation + 1`);
    this.#isUnderWay = true;
  }

  /** The line has been asked for again. */
  record(line: number, { state, status, error }: RefreshedItem): void {
    const [means, keeps] = REFRESH_STATES.get(state) ?? [state, false];
    this.#insertRefreshed ??= this.#database.prepare(INSERT_REFRESHED);
    this.#insertRefreshed.run(line, means, status, error, keeps ? 1 : 0);
  }

  /** The next refresh is to ask without conditions. */
  forgetValidators(line: number): void {
    this.#database.prepare("DELETE FROM validators WHERE line = ?").run(line);
  }

  /** Where the former row of a line stands among the others. */
  placeOf(line: number): number | null {
    this.#placeOf ??= this.#database.prepare("SELECT place FROM former WHERE line = ?");
    const row = this.#placeOf.get(line);
    return row === undefined ? null : Number(row.place);
  }

  /** Of each row of the output, in their order, whether it stays. */
  *staying(): Generator<boolean> {
    this.#staying = this.#database.prepare(
      "SELECT coalesce(refreshed.keeps, 1) AS stays FROM former LEFT JOIN refreshed USING (line) ORDER BY place",
    );
    for (const { stays } of this.#staying.iterate()) yield stays === 1;
  }

  /** The output with the new rows stands in its place. */
  finish(): void {
    this.#database.exec(`
      UPDATE items SET state = refreshed.state, status = refreshed.status, error = refreshed.error
        FROM refreshed WHERE refreshed.line = items.line AND refreshed.keeps = 0;
      ${KEEP_VALIDATORS};
      DELETE FROM former; DELETE FROM validators;
      DELETE FROM error_samples WHERE code NOT IN (
        SELECT error FROM items WHERE error IS NOT NULL UNION SELECT error FROM refreshed WHERE error IS NOT NULL);
      UPDATE job SET output_bytes = rewrite_bytes, rewrite_bytes = NULL, refresh_bytes = NULL, complete = 1`);
    this.#isUnderWay = false;
  }

  /** All is forgotten. */
  clear(): void {
    this.#database.exec("DELETE FROM refreshed; DELETE FROM former; DELETE FROM validators");
    this.#isUnderWay = undefined;
  }
}

interface RefreshedItem {
  readonly state: number;
  readonly status: number | null;
  readonly error: string | null;
}

function cannotRefresh(path: string): JobError {
  const message = `${path} can't be refreshed: its journal was begun by an older version, and does not know the order of its rows; begin anew`;
  return new JobError("CANNOT_REFRESH", message, { path });
}
