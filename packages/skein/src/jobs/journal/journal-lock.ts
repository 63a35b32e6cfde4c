import { randomInt } from "node:crypto";
import { existsSync, rmSync, statSync, utimesSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isLocked } from "./file-errors.ts";

/** The lock of the journal at `journal`. */
export function lockPath(journal: string): string {
  return `${journal}-lock`;
}

/** Whoever asks whether the lock is held takes a shared one for a moment: that is waited out, and nothing else. */
const BUSY_MS = 250;

/**
 * Says which process writes a job. It is a lock of the system's on a file beside the journal, so that it ends with its holder
 * however that ends: nothing has to be cleaned up after a kill, and no number of a process is ever mistaken for another's. The
 * file is a database without content, since SQLite knows how to lock on every system, also against a thread of the same process.
 * The journal itself stays open to readers.
 */
export class JournalLock {
  readonly #path: string;
  readonly #database: DatabaseSync;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
  }

  /** Throws an error for which `isLocked` holds where somebody else has it. */
  static take(path: string): JournalLock {
    for (;;) {
      const before = identityOf(path);
      const database = new DatabaseSync(path);
      if (isLockOf(path, database, before)) return new JournalLock(path, database);
      database.close();
    }
  }

  release(): void {
    try {
      removeUnlessOpen(this.#path);
    } finally {
      this.#database.close();
    }
  }
}

/** Whether a process holds the lock at `path`. */
export function isHeld(path: string): boolean {
  try {
    return existsSync(path) && !isReadable(path);
  } catch (error) {
    // Its holder has removed it meanwhile.
    if (!existsSync(path)) return false;
    throw error;
  }
}

function isReadable(path: string): boolean {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return true;
  } catch (error) {
    if (isLocked(error)) return false;
    throw error;
  } finally {
    database.close();
  }
}

/**
 * Its last holder may remove the file before it is locked: then that is no lock. Nor is a file that was just made, or had no mark;
 * the next try finds it there.
 *
 * @param before which file stood there before it was opened
 */
function isLockOf(path: string, database: DatabaseSync, before: string | undefined): boolean {
  const stands = () => before !== undefined && identityOf(path) === before;
  try {
    lockExclusively(database);
    return stands();
  } catch (error) {
    if (!stands()) return false;
    database.close();
    throw error;
  }
}

function lockExclusively(database: DatabaseSync): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  // Nothing is ever written: no journal beside the lock.
  database.exec("PRAGMA journal_mode = MEMORY");
  database.exec("BEGIN EXCLUSIVE");
}

/**
 * Which file stands there; undefined where none does, or one that has no mark yet: it gets one. The number of a file alone says
 * too little, since the next file may get the number of one that is gone: each is marked with a moment of its own, by chance, as
 * the time when it was changed.
 */
function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.mtimeMs < MARKS_UNTIL_MS) return `${stats.dev}:${stats.ino}:${stats.mtimeNs}`;
  mark(path);
  return undefined;
}

/** No file of today is that old. */
const MARKS_FROM_S = 400_000_000;
const MARKS_UNTIL_S = 900_000_000;
const MARKS_UNTIL_MS = BigInt(MARKS_UNTIL_S) * 1_000n;

function mark(path: string): void {
  const moment = randomInt(MARKS_FROM_S, MARKS_UNTIL_S) + Math.random();
  try {
    utimesSync(path, moment, moment);
  } catch (error) {
    // Its holder has removed it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Windows keeps files that others have open: they are left, and that harms nobody. */
function removeUnlessOpen(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EBUSY" && code !== "EPERM" && code !== "EACCES") throw error;
  }
}
