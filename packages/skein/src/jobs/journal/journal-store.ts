import { DatabaseSync, type StatementSync } from "node:sqlite";
import { JobError } from "../job-error.ts";
import type { SourcePosition } from "../source/source.ts";
import {
  type CommitRequest,
  type ItemCount,
  type ItemEnding,
  ItemState,
  type JobRecord,
  LISTED_WIDTH,
  type OpenedJournal,
  ROW_WIDTH,
} from "./journal-protocol.ts";

const VERSION = 1;
/** "Skej": says whose file this is, also to file(1). */
const APPLICATION_ID = 0x536b656a;

const SCHEMA = `
  CREATE TABLE job (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    semantics TEXT NOT NULL,
    source TEXT NOT NULL,
    fingerprint TEXT,
    source_offset INTEGER NOT NULL DEFAULT 0,
    source_line INTEGER NOT NULL DEFAULT 0,
    output_bytes INTEGER NOT NULL DEFAULT 0,
    rejects_bytes INTEGER NOT NULL DEFAULT 0,
    complete INTEGER NOT NULL DEFAULT 0,
    rewrite_bytes INTEGER
  ) STRICT;
  CREATE TABLE items (
    line INTEGER PRIMARY KEY,
    key INTEGER NOT NULL,
    state INTEGER NOT NULL,
    status INTEGER,
    error TEXT
  ) STRICT;
  CREATE TABLE error_samples (code TEXT PRIMARY KEY, message TEXT NOT NULL) STRICT;
`;

/** An item that has ended has one row, for ever: only a `sent` row may be replaced. */
const INSERT_ITEM = `
  INSERT INTO items (line, key, state, status, error) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (line) DO UPDATE SET state = excluded.state, status = excluded.status, error = excluded.error
  WHERE items.state = ${ItemState.sent}`;

/** How far the files had been written at a commit. */
export interface SinkOffsets {
  readonly outputBytes: number;
  readonly rejectsBytes: number;
  /** The size of the output that stands ready to take the place of the present one (see rewrite.ts). */
  readonly rewriteBytes: number | null;
}

/** The journal's database. Every method that writes is one transaction, on the disk when it returns. */
export class JournalStore {
  readonly #path: string;
  readonly #database: DatabaseSync;
  #insertItem: StatementSync | undefined;

  /** Opens or makes the database and takes its lock, which the system gives back however the process ends. */
  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path);
    try {
      this.#lock();
      this.#check();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #lock(): void {
    const database = this.#database;
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("BEGIN EXCLUSIVE; COMMIT");
  }

  #check(): void {
    const version = this.#pragma("user_version");
    if (version > VERSION) {
      throw this.#corrupt(
        `was written by a newer version of Skein (format ${version}; this one knows ${VERSION})`,
      );
    }
    const { quick_check: verdict } = this.#one("PRAGMA quick_check(1)");
    if (verdict !== "ok") throw this.#corrupt(`is damaged: ${verdict}`);
    if (!this.isNew && this.#pragma("application_id") !== APPLICATION_ID) {
      throw this.#corrupt("is a database of something else");
    }
  }

  /** Whether no job has been recorded yet. */
  get isNew(): boolean {
    return this.#one("SELECT count(*) AS tables FROM sqlite_schema").tables === 0;
  }

  /** Records a new job. */
  create(record: JobRecord): void {
    this.#transaction(() => {
      this.#database.exec(SCHEMA);
      this.#database.exec(`PRAGMA user_version = ${VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
      this.#insertJob(record);
    });
  }

  /** Forgets the job, its items and how far its files were written, and records another. */
  replace(record: JobRecord): void {
    this.#transaction(() => {
      this.#database.exec("DELETE FROM items; DELETE FROM error_samples; DELETE FROM job");
      this.#insertJob(record);
    });
  }

  #insertJob({ semantics, source, fingerprint }: JobRecord): void {
    this.#database
      .prepare("INSERT INTO job (id, semantics, source, fingerprint) VALUES (1, ?, ?, ?)")
      .run(semantics, source, fingerprint);
  }

  /** The list's name and fingerprint may change while its lines stay. */
  update({ source, fingerprint }: JobRecord): void {
    this.#transaction(() => {
      this.#database.prepare("UPDATE job SET source = ?, fingerprint = ?").run(source, fingerprint);
    });
  }

  read(): OpenedJournal {
    const job = this.#one("SELECT * FROM job") as Record<string, number | string | null>;
    return {
      job: {
        semantics: String(job.semantics),
        source: String(job.source),
        fingerprint: job.fingerprint as string | null,
      },
      complete: job.complete === 1,
      position: { offset: Number(job.source_offset), line: Number(job.source_line) },
      lastLine: (this.#one("SELECT coalesce(max(line), 0) AS line FROM items") as { line: number }).line,
      counts: this.#all(
        "SELECT state, status, error, count(*) AS count FROM items GROUP BY state, status, error",
      ) as unknown as ItemCount[],
      sizes: { output: Number(job.output_bytes), rejects: Number(job.rejects_bytes) },
      errorSamples: this.#all("SELECT code, message FROM error_samples").map(
        row => [row.code, row.message] as [string, string],
      ),
    };
  }

  get sinkOffsets(): SinkOffsets {
    return this.#one(
      "SELECT output_bytes AS outputBytes, rejects_bytes AS rejectsBytes, rewrite_bytes AS rewriteBytes FROM job",
    ) as unknown as SinkOffsets;
  }

  /** Rows from a line on: line, key and state of each. */
  list(fromLine: number, limit: number): Float64Array {
    const rows = this.#database
      .prepare("SELECT line, key, state FROM items WHERE line >= ? ORDER BY line LIMIT ?")
      .all(fromLine, limit);
    const listed = new Float64Array(rows.length * LISTED_WIDTH);
    rows.forEach((row, index) => {
      listed.set([Number(row.line), Number(row.key), Number(row.state)], index * LISTED_WIDTH);
    });
    return listed;
  }

  /** Records groups of items, in their order, with the offsets that the files have reached. */
  commit(groups: readonly CommitRequest[], offsets: Omit<SinkOffsets, "rewriteBytes">): void {
    this.#transaction(() => {
      for (const group of groups) this.#insertGroup(group);
      const { position, complete } = groups.at(-1)!;
      this.#advance(position, complete, offsets);
    });
  }

  #insertGroup({ rows, errorCodes, errorSamples, released }: CommitRequest): void {
    this.#insertItem ??= this.#database.prepare(INSERT_ITEM);
    for (let i = 0; i < rows.length; i += ROW_WIDTH) {
      const line = rows[i]!;
      const error = rows[i + 4] === 0 ? null : errorCodes[rows[i + 4]! - 1]!;
      const status = rows[i + 3] === 0 ? null : rows[i + 3]!;
      const { changes } = this.#insertItem.run(line, rows[i + 1]!, rows[i + 2]!, status, error);
      if (changes !== 1) throw this.#corrupt(`has line ${line} already`);
    }
    for (const line of released) {
      this.#run(`DELETE FROM items WHERE line = ? AND state = ${ItemState.sent}`, line);
    }
    for (const [code, message] of errorSamples) {
      this.#run("INSERT OR IGNORE INTO error_samples (code, message) VALUES (?, ?)", code, message);
    }
  }

  #advance(position: SourcePosition, complete: boolean, offsets: Omit<SinkOffsets, "rewriteBytes">): void {
    this.#database
      .prepare(
        "UPDATE job SET source_offset = ?, source_line = ?, complete = ?, output_bytes = ?, rejects_bytes = ?",
      )
      .run(position.offset, position.line, complete ? 1 : 0, offsets.outputBytes, offsets.rejectsBytes);
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

  /** The rewritten output stands in its place: the items that left it are pending again. */
  finishRewrite(): void {
    this.#transaction(() => {
      this.#database.exec(`
        DELETE FROM items WHERE state = ${ItemState.leaving};
        DELETE FROM error_samples WHERE code NOT IN (SELECT error FROM items WHERE error IS NOT NULL);
        UPDATE job SET output_bytes = rewrite_bytes, rewrite_bytes = NULL, complete = 0,
          source_offset = 0, source_line = 0`);
    });
  }

  /** Gives the lock back. What the write-ahead log holds goes into the database first. */
  close(): void {
    this.#database.close();
  }

  /** One commit. After a failure the store is only good for `close()`, which rolls back what was begun. */
  #transaction(write: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    write();
    this.commitTransaction();
  }

  /** The moment at which a transaction counts; tests fail it. */
  protected commitTransaction(): void {
    this.#database.exec("COMMIT");
  }

  #one(sql: string): Record<string, unknown> {
    return this.#database.prepare(sql).get() ?? {};
  }

  #all(sql: string): Record<string, unknown>[] {
    return this.#database.prepare(sql).all();
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #pragma(name: string): number {
    return Number(this.#one(`PRAGMA ${name}`)[name]);
  }

  #corrupt(how: string): JobError {
    return new JobError("JOURNAL_CORRUPT", `the journal ${this.#path} ${how}`, { path: this.#path });
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
