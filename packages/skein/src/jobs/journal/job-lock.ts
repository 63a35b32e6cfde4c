import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { JobError } from "../job-error.ts";
import { fileError, isLocked } from "./file-errors.ts";
import { JournalLock, lockPath } from "./journal-lock.ts";
import type { JournalPaths } from "./journal-protocol.ts";

type LockedPaths = Pick<JournalPaths, "journal" | "output">;

/** Lets one process change a job's files; to those who are refused, it says which one that is. */
export class JobLock {
  readonly #lock: JournalLock;
  readonly #pidPath: string;

  private constructor(lock: JournalLock, path: string) {
    this.#lock = lock;
    this.#pidPath = path;
  }

  /** @throws JobError JOURNAL_LOCKED, FILE_FAILED */
  static take(paths: LockedPaths): JobLock {
    const { journal } = paths;
    const lock = unlessLocked(paths, `locking the journal ${journal}`, () =>
      JournalLock.take(lockPath(journal)),
    );
    const job = new JobLock(lock, pidPath(journal));
    try {
      writeFileSync(job.#pidPath, String(process.pid));
      return job;
    } catch (error) {
      lock.release();
      throw fileError(error, `locking the journal ${journal}`, journal);
    }
  }

  release(): void {
    rmSync(this.#pidPath, { force: true });
    this.#lock.release();
  }
}

/** @throws JobError JOURNAL_LOCKED where another process keeps from what `act` does; FILE_FAILED, naming what was being done */
export function unlessLocked<T>(paths: LockedPaths, doing: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isLocked(error)) throw fileError(error, doing, paths.journal);
    const { journal, output } = paths;
    const message = `${output} is being written by another run${holderOf(journal)}`;
    throw new JobError("JOURNAL_LOCKED", message, { cause: error, path: journal, resumable: true });
  }
}

/** The lock itself names nobody; whoever holds it has written its pid beside it. */
function holderOf(journal: string): string {
  try {
    return `, process ${readFileSync(pidPath(journal), "utf8")}`;
  } catch {
    return "";
  }
}

function pidPath(journal: string): string {
  return `${journal}.pid`;
}
