import type { DatabaseSync } from "node:sqlite";
import { JobError } from "../job-error.ts";
import { isSealIntact } from "./job-seal.ts";
import { ItemState } from "./journal-protocol.ts";

/** 2: results, origins and the timeline, for those who look at a job. 3: items that answers led to, what a refresh asks with, outputs in many files. */
const VERSION = 3;
/** "Skej": says whose file this is, also to file(1). */
const APPLICATION_ID = 0x536b656a;
/** Up to here all of it is checked whenever it is opened: a quarter of a second. */
const WHOLLY_CHECKED_BYTES = 64 * 1024 * 1024;

/** What a job needs to go on: one row in `items` for each line that has ended. */
const JOB_TABLES = `
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

/**
 * What people ask of it, documented in docs/journal.md: each item that has ended, in the order in which they did, and the course
 * of the job. Without indexes, for each would cost as much as the row: a million rows are looked through in a fifth of a second.
 */
const INSPECTION_TABLES = `
  CREATE TABLE origins (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE results (
    number INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    state INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    origin INTEGER,
    url TEXT NOT NULL,
    message TEXT,
    ended_at INTEGER,
    attempts INTEGER,
    reused INTEGER,
    bytes INTEGER,
    queued_us INTEGER, waited_us INTEGER, served_us INTEGER,
    queue_us INTEGER, dns_us INTEGER, connect_us INTEGER, proxy_us INTEGER,
    tls_us INTEGER, send_us INTEGER, wait_us INTEGER, receive_us INTEGER,
    tries TEXT
  ) STRICT;
  CREATE TABLE timeline (
    at INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    running INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    concurrency INTEGER,
    latency BLOB NOT NULL
  ) STRICT;
  CREATE TABLE origin_timeline (
    origin INTEGER NOT NULL,
    at INTEGER NOT NULL,
    running INTEGER NOT NULL,
    concurrency INTEGER NOT NULL,
    PRIMARY KEY (origin, at)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE job ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
`;

/** Items that stand in no list: what answers led to, and by which requests it is known whether one has been found before. */
const ADDED_TABLES = `
  CREATE TABLE added (
    line INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    item TEXT NOT NULL
  ) STRICT;
  CREATE TABLE requested (identity BLOB PRIMARY KEY, line INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** See refresh-log.ts. */
const REFRESH_TABLES = `
  CREATE TABLE validators (line INTEGER PRIMARY KEY, validators TEXT NOT NULL) STRICT;
  CREATE TABLE refreshed (
    line INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    keeps INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE former (line INTEGER PRIMARY KEY, place INTEGER NOT NULL) STRICT;
  ALTER TABLE results ADD COLUMN place INTEGER;
  ALTER TABLE results ADD COLUMN validators TEXT;
  ALTER TABLE job ADD COLUMN refresh_bytes INTEGER;
  ALTER TABLE job ADD COLUMN refreshes INTEGER NOT NULL DEFAULT 0;
`;

/**
 * Of an output in many files: at how many bytes the next one is begun, and how many each has, as a list of JSON. And what the row is
 * sealed with: see job-seal.ts.
 */
const FURTHER_COLUMNS = `
  ALTER TABLE job ADD COLUMN shard_bytes INTEGER;
  ALTER TABLE job ADD COLUMN shard_sizes TEXT;
  ALTER TABLE job ADD COLUMN seal TEXT;
`;

/** A journal of version 1 says of its items no more than how they ended. */
const RESULTS_OF_ITEMS = `
  SELECT line, state, status, error, '' AS url FROM items WHERE state <> ${ItemState.sent} ORDER BY line`;

/** Makes the tables of a new journal. */
export function createTables(database: DatabaseSync): void {
  database.exec(JOB_TABLES + INSPECTION_TABLES + ADDED_TABLES + REFRESH_TABLES + FURTHER_COLUMNS);
  database.exec(`PRAGMA user_version = ${VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
}

/** Whether an older version has written it, so that `migrate` is needed before it is written to. */
export function isOld(database: DatabaseSync): boolean {
  return versionOf(database) < VERSION && !isNewJournal(database);
}

/** Makes a journal of an older version one of this; to be called within a transaction. */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) < 2) {
    database.exec(`${INSPECTION_TABLES}
      INSERT INTO results (line, state, status, error, url) ${RESULTS_OF_ITEMS}`);
  }
  database.exec(`${ADDED_TABLES} ${REFRESH_TABLES} ${FURTHER_COLUMNS} PRAGMA user_version = ${VERSION}`);
}

/** Lets a reader, who may not migrate it, ask a journal of an older version as one of this. */
export function readAsPresent(database: DatabaseSync): void {
  database.exec(`PRAGMA temp_store = MEMORY; ${temporary(ADDED_TABLES)}`);
  if (versionOf(database) >= 2) return;
  database.exec(`${temporary(INSPECTION_TABLES)}
    INSERT INTO results (line, state, status, error, url) ${RESULTS_OF_ITEMS};`);
}

function temporary(tables: string): string {
  return tables.replace(/ALTER TABLE .*;/, "").replaceAll("CREATE TABLE ", "CREATE TEMP TABLE ");
}

/** Whether no job has been recorded yet. */
export function isNewJournal(database: DatabaseSync): boolean {
  return database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()!.tables === 0;
}

/**
 * Checks what a job goes by. The results, which only those who look at it ask for, are three quarters of a large journal: to look
 * through them all would keep a job of ten million items waiting for seconds, so that is left to `checkWhole`.
 *
 * @throws JobError JOURNAL_CORRUPT where it is damaged, JOURNAL_TOO_NEW, FILE_NOT_OURS where it is something else
 */
export function checkJournal(database: DatabaseSync, path: string): void {
  const version = versionOf(database);
  if (version > VERSION && pragma(database, "application_id") === APPLICATION_ID) {
    const versions = `(format ${version}; this one knows ${VERSION})`;
    const message = `the journal ${path} was written by a newer version of Skein ${versions}: update this one, or give another output`;
    throw new JobError("JOURNAL_TOO_NEW", message, { path });
  }
  const isSmall = pragma(database, "page_count") * pragma(database, "page_size") <= WHOLLY_CHECKED_BYTES;
  if (isSmall) checkWhole(database, path);
  else for (const table of tablesOfJob(database)) requireSound(database, `quick_check(${table})`, path);
  if (!isNewJournal(database) && pragma(database, "application_id") !== APPLICATION_ID) {
    if (!isOurs(database)) throw foreignDatabase(path);
    throw corruptJournal(path, "is damaged: it does not say whose it is");
  }
  if (!isNewJournal(database) && !isSealIntact(database))
    throw corruptJournal(path, "is damaged: what it says of the job is not what was written");
}

/** @throws JobError JOURNAL_CORRUPT where any of it is damaged */
export function checkWhole(database: DatabaseSync, path: string): void {
  requireSound(database, "quick_check(1)", path);
}

function tablesOfJob(database: DatabaseSync): string[] {
  const tables = database.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'results'",
  );
  return tables.all().map(({ name }) => `"${String(name).replaceAll('"', '""')}"`);
}

function requireSound(database: DatabaseSync, check: string, path: string): void {
  const { quick_check: verdict } = database.prepare(`PRAGMA ${check}`).get() ?? {};
  if (verdict !== "ok") throw corruptJournal(path, `is damaged: ${verdict}`);
}

/** By its tables: a number that says so may be damaged. */
function isOurs(database: DatabaseSync): boolean {
  const tables =
    "SELECT count(*) AS tables FROM sqlite_schema WHERE name IN ('job', 'items', 'error_samples')";
  return database.prepare(tables).get()!.tables === 3;
}

/** Nobody who begins anew means that. */
function foreignDatabase(path: string): JobError {
  const message = `the journal would be ${path}, which is a database of something else: move it away, or give another output`;
  return new JobError("FILE_NOT_OURS", message, { path });
}

/** @param how a clause that follows the journal's name */
export function corruptJournal(path: string, how: string): JobError {
  return new JobError("JOURNAL_CORRUPT", `the journal ${path} ${how}`, { path });
}

function versionOf(database: DatabaseSync): number {
  return pragma(database, "user_version");
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
