import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { AddedItem } from "../source/added-item.ts";
import type { SourcePosition } from "../source/source.ts";
import { AddedLog } from "./added-log.ts";
import { sealJob } from "./job-seal.ts";
import {
  type CommitRequest,
  type ItemEnding,
  ItemState,
  type JobRecord,
  type OpenedJournal,
  ROW_WIDTH,
  type Validators,
} from "./journal-protocol.ts";
import { listItems, listValidators, readJournal } from "./journal-reading.ts";
import {
  checkJournal,
  corruptJournal,
  createTables,
  isNewJournal,
  isOld,
  migrate,
} from "./journal-schema.ts";
import { RefreshLog } from "./refresh-log.ts";
import { ResultLog } from "./result-log.ts";

const BUSY_MS = 5_000;

/** An item that has ended has one row, for ever: only a `sent` row may be replaced. */
const INSERT_ITEM = `
  INSERT INTO items (line, key, state, status, error) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (line) DO UPDATE SET state = excluded.state, status = excluded.status, error = excluded.error
  WHERE items.state = ${ItemState.sent}`;

/** How far the files had been written at a commit. */
export interface SinkOffsets {
  readonly outputBytes: number;
  readonly rejectsBytes: number;
  /** Of each file of an output in many. */
  readonly shardSizes?: readonly number[] | undefined;
  /** The size of the output that stands ready to take the place of the present one (see rewrite.ts). */
  readonly rewriteBytes: number | null;
}

/** The journal's database. Every method that writes is one transaction, on the disk when it returns. */
export class JournalStore {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #log: ResultLog;
  readonly #added: AddedLog;
  readonly #refresh: RefreshLog;
  #insertItem: StatementSync | undefined;
  /** Also after a transaction that failed. */
  #isWriting = false;

  /** Opens or makes the database. Whoever does so has the job's lock: there is one writer, and any number of readers. */
  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path);
    this.#log = new ResultLog(this.#database);
    this.#added = new AddedLog(this.#database);
    this.#refresh = new RefreshLog(this.#database);
    try {
      this.#prepare();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #prepare(): void {
    const database = this.#database;
    // A reader may be mending what a killed process left.
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // First: a database of something else stays as it is, to the last byte.
    checkJournal(database, this.#path);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    if (isOld(database)) this.#transaction(() => migrate(database));
  }

  /** Whether no job has been recorded yet. */
  get isNew(): boolean {
    return isNewJournal(this.#database);
  }

  /** Records a new job. */
  create(record: JobRecord): void {
    this.#transaction(() => {
      createTables(this.#database);
      this.#insertJob(record);
    });
  }

  /** Forgets the job, its items and how far its files were written, and records another. */
  replace(record: JobRecord): void {
    this.#transaction(() => {
      const { generation } = this.#one("SELECT generation FROM job");
      this.#database.exec("DELETE FROM items; DELETE FROM error_samples; DELETE FROM job");
      this.#log.clear();
      this.#added.clear();
      this.#refresh.clear();
      this.#insertJob(record);
      this.#run("UPDATE job SET generation = ?", Number(generation) + 1);
    });
  }

  #insertJob({ semantics, source, fingerprint, shardBytes = null }: JobRecord): void {
    this.#database
      .prepare("INSERT INTO job (id, semantics, source, fingerprint, shard_bytes) VALUES (1, ?, ?, ?, ?)")
      .run(semantics, source, fingerprint, shardBytes);
  }

  /** The list's name and fingerprint may change while its lines stay, and more of them come. */
  update({ source, fingerprint, shardBytes = null }: JobRecord, hasMore: boolean): void {
    this.#transaction(() => {
      // With the fingerprint: whoever knows that takes a complete job's lines for ended.
      if (hasMore) this.#database.exec("UPDATE job SET complete = 0");
      this.#run(
        "UPDATE job SET source = ?, fingerprint = ?, shard_bytes = ?",
        source,
        fingerprint,
        shardBytes,
      );
    });
  }

  /** @throws JobError JOURNAL_CORRUPT */
  read(): OpenedJournal {
    const known = readJournal(this.#database);
    if (known.counts.some(({ state }) => state === ItemState.sent)) this.#refuseEndedAsSent();
    return known;
  }

  /** One byte makes the one of the other, and what has ended would end again, as unknown. */
  #refuseEndedAsSent(): void {
    const { line } = this.#one(
      `SELECT line FROM results WHERE line IN (SELECT line FROM items WHERE state = ${ItemState.sent}) LIMIT 1`,
    );
    if (line === undefined) return;
    throw corruptJournal(
      this.#path,
      `is damaged: line ${line} has ended, and is said to be about to be sent`,
    );
  }

  get isComplete(): boolean {
    return this.#one("SELECT complete FROM job").complete === 1;
  }

  /** As JSON. */
  get semantics(): string {
    return String(this.#one("SELECT semantics FROM job").semantics);
  }

  /** At how many bytes of a file of the output the next one is begun; null where it is one file. */
  get shardBytes(): number | null {
    return this.#one("SELECT shard_bytes AS bytes FROM job").bytes as number | null;
  }

  /** Of each file of an output in many, as they were at the last commit; undefined where that is not known. */
  get shardSizes(): readonly number[] | undefined {
    const { sizes } = this.#one("SELECT shard_sizes AS sizes FROM job");
    return sizes === null ? undefined : (JSON.parse(String(sizes)) as number[]);
  }

  get sinkOffsets(): SinkOffsets {
    return this.#one(
      "SELECT output_bytes AS outputBytes, rejects_bytes AS rejectsBytes, rewrite_bytes AS rewriteBytes FROM job",
    ) as unknown as SinkOffsets;
  }

  /** Rows from a line on: line, key and state of each. */
  list(fromLine: number, limit: number): Float64Array {
    return listItems(this.#database, fromLine, limit);
  }

  validators(range: { readonly fromLine: number; readonly toLine: number }): ReadonlyMap<number, Validators> {
    return listValidators(this.#database, range);
  }

  /** Added items after a line that have not ended. */
  added(after: number, limit: number): AddedItem[] {
    return this.#added.list(after, limit);
  }

  /** How many items have been added. */
  get addedCount(): number {
    return this.#added.count;
  }

  /** Records groups of items, in their order, with the offsets that the files have reached. */
  commit(groups: readonly CommitRequest[], offsets: Omit<SinkOffsets, "rewriteBytes">): void {
    this.#transaction(() => {
      for (const group of groups) this.#insertGroup(group);
      const { position, complete } = groups.at(-1)!;
      this.#advance(position, complete, offsets);
    });
  }

  #insertGroup(group: CommitRequest): void {
    const { rows, errorCodes, errorSamples, released, samples = [], unvalidated = [] } = group;
    const isRefreshing = this.#refresh.isUnderWay;
    this.#insertItem ??= this.#database.prepare(INSERT_ITEM);
    for (let i = 0; i < rows.length; i += ROW_WIDTH) {
      const line = rows[i]!;
      const error = rows[i + 4] === 0 ? null : errorCodes[rows[i + 4]! - 1]!;
      const status = rows[i + 3] === 0 ? null : rows[i + 3]!;
      const state = rows[i + 2]!;
      const { changes } = this.#insertItem.run(line, rows[i + 1]!, state, status, error);
      if (isRefreshing && state !== ItemState.sent && state !== ItemState.rejected)
        this.#refresh.record(line, { state, status, error });
      else if (changes !== 1) throw corruptJournal(this.#path, `has line ${line} already`);
    }
    this.#log.insert(group, line => this.#refresh.placeOf(line));
    for (const line of unvalidated) this.#refresh.forgetValidators(line);
    if (group.links !== undefined) this.#added.insert(group.links);
    for (const sample of samples) this.#log.sample(sample);
    for (const line of released) {
      this.#run(`DELETE FROM items WHERE line = ? AND state = ${ItemState.sent}`, line);
    }
    for (const [code, message] of errorSamples) {
      this.#run("INSERT OR IGNORE INTO error_samples (code, message) VALUES (?, ?)", code, message);
    }
  }

  /** What a refresh writes is no part of the output before it has ended, and so it is not complete either. */
  #advance(position: SourcePosition, complete: boolean, offsets: Omit<SinkOffsets, "rewriteBytes">): void {
    const isRefreshing = this.#refresh.isUnderWay;
    const size = isRefreshing ? "refresh_bytes" : "output_bytes";
    this.#database
      .prepare(
        `UPDATE job SET source_offset = ?, source_line = ?, complete = ?, ${size} = ?, rejects_bytes = ?`,
      )
      .run(
        position.offset,
        position.line,
        complete && !isRefreshing ? 1 : 0,
        offsets.outputBytes,
        offsets.rejectsBytes,
      );
    const { shardSizes } = offsets;
    if (shardSizes !== undefined) this.#run("UPDATE job SET shard_sizes = ?", JSON.stringify(shardSizes));
  }

  /** How many items ended so. */
  countOf(endings: readonly ItemEnding[]): number {
    return endings.reduce((sum, ending) => {
      const { sql, values } = conditionOf(ending);
      const found = this.#database.prepare(`SELECT count(*) AS n FROM items WHERE ${sql}`).get(...values);
      return sum + Number(found!.n);
    }, 0);
  }

  /** Says that an output without the items that ended so stands ready, and how long it is. */
  announceRewrite(bytes: number, leaving: readonly ItemEnding[]): void {
    this.#transaction(() => {
      for (const ending of leaving) {
        const { sql, values } = conditionOf(ending);
        this.#run(`UPDATE items SET state = ${ItemState.leaving} WHERE ${sql}`, ...values);
      }
      this.#run("UPDATE job SET rewrite_bytes = ?", bytes);
    });
  }

  get isRefreshing(): boolean {
    return this.#refresh.isUnderWay;
  }

  /** How many bytes of the new rows count. */
  get refreshBytes(): number {
    return this.#refresh.bytes;
  }

  /** @throws JobError CANNOT_REFRESH */
  beginRefresh(): void {
    this.#transaction(() => this.#refresh.begin(this.#path));
  }

  /** Of each row of the output, in their order, whether it stays when the refresh has ended. */
  staying(): Iterator<boolean> {
    return this.#refresh.staying();
  }

  /**
   * The rewritten output stands in its place: the items that left it are pending again, or the refresh has ended.
   *
   * @param shardSizes of each file of an output in many
   */
  finishRewrite(shardSizes?: readonly number[]): void {
    this.#transaction(() => {
      this.#run(
        "UPDATE job SET shard_sizes = ?",
        shardSizes === undefined ? null : JSON.stringify(shardSizes),
      );
      if (this.#refresh.isUnderWay) return this.#refresh.finish();
      this.#database.exec(`
        DELETE FROM results WHERE line IN (SELECT line FROM items WHERE state = ${ItemState.leaving});
        DELETE FROM refreshed WHERE line IN (SELECT line FROM items WHERE state = ${ItemState.leaving});
        DELETE FROM items WHERE state = ${ItemState.leaving};
        DELETE FROM error_samples WHERE code NOT IN (SELECT error FROM items WHERE error IS NOT NULL);
        UPDATE job SET output_bytes = rewrite_bytes, rewrite_bytes = NULL, complete = 0,
          generation = generation + 1, source_offset = 0, source_line = 0`);
    });
  }

  /** What the write-ahead log holds goes into the database first. */
  close(): void {
    try {
      this.#becomeOneFile();
    } finally {
      this.#database.close();
    }
  }

  /** So it can be read where nothing may be written, and copied by itself. While somebody reads, it stays as it is. */
  #becomeOneFile(): void {
    if (this.#isWriting) return;
    try {
      this.#database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE");
    } catch {
      // Nothing is lost: all that was committed stands in the log, where the next one finds it.
    }
  }

  /** One commit. After a failure the store is only good for `close()`, which rolls back what was begun. */
  #transaction(write: () => void): void {
    this.#isWriting = true;
    this.#database.exec("BEGIN IMMEDIATE");
    write();
    sealJob(this.#database);
    this.commitTransaction();
    this.#isWriting = false;
  }

  /** The moment at which a transaction counts; tests fail it. */
  protected commitTransaction(): void {
    this.#database.exec("COMMIT");
  }

  #one(sql: string): Record<string, unknown> {
    return this.#database.prepare(sql).get() ?? {};
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#database.prepare(sql).run(...values);
  }
}

function conditionOf({ state, status, error }: ItemEnding): { sql: string; values: (string | number)[] } {
  const sql = ["state = ?"];
  const values: (string | number)[] = [state];
  for (const [column, value] of [
    ["status", status],
    ["error", error],
  ] as const) {
    if (value === undefined) continue;
    sql.push(value === null ? `${column} IS NULL` : `${column} = ?`);
    if (value !== null) values.push(value);
  }
  return { sql: sql.join(" AND "), values };
}
