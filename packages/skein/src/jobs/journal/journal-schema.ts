import type { DatabaseSync } from "node:sqlite";
import { JobError } from "../job-error.ts";

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

/** Makes the tables of a new journal. */
export function createTables(database: DatabaseSync): void {
  database.exec(SCHEMA);
  database.exec(`PRAGMA user_version = ${VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
}

/** Whether no job has been recorded yet. */
export function isNewJournal(database: DatabaseSync): boolean {
  return database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()!.tables === 0;
}

/** @throws JobError JOURNAL_CORRUPT where it is damaged, of a newer version, or something else */
export function checkJournal(database: DatabaseSync, path: string): void {
  const version = pragma(database, "user_version");
  if (version > VERSION) {
    const versions = `(format ${version}; this one knows ${VERSION})`;
    throw corruptJournal(path, `was written by a newer version of Skein ${versions}`);
  }
  const { quick_check: verdict } = database.prepare("PRAGMA quick_check(1)").get() ?? {};
  if (verdict !== "ok") throw corruptJournal(path, `is damaged: ${verdict}`);
  if (!isNewJournal(database) && pragma(database, "application_id") !== APPLICATION_ID) {
    throw corruptJournal(path, "is a database of something else");
  }
}

/** @param how a clause that follows the journal's name */
export function corruptJournal(path: string, how: string): JobError {
  return new JobError("JOURNAL_CORRUPT", `the journal ${path} ${how}`, { path });
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
