import { JobError } from "../job-error.ts";

const DISK_FULL_CODES = new Set(["ENOSPC", "EDQUOT"]);
/** https://sqlite.org/rescode.html; the low byte is the primary code. */
const SQLITE = { busy: 5, locked: 6, corrupt: 11, full: 13, notDatabase: 26 } as const;

/** A failure of the file system or of SQLite as a job's error. `doing` is a clause: "writing out.jsonl". */
export function fileError(cause: unknown, doing: string, path: string): JobError {
  if (cause instanceof JobError) return cause;
  const { code, errcode, message } = cause as NodeJS.ErrnoException & { errcode?: number };
  const primary = errcode === undefined ? undefined : errcode & 0xff;
  if (DISK_FULL_CODES.has(code ?? "") || primary === SQLITE.full) {
    return new JobError("DISK_FULL", `the disk is full: ${doing} failed (${message})`, {
      cause,
      path,
      resumable: true,
    });
  }
  if (primary === SQLITE.corrupt || primary === SQLITE.notDatabase) {
    return new JobError("JOURNAL_CORRUPT", `the journal ${path} is damaged, or is none: ${message}`, {
      cause,
      path,
    });
  }
  return new JobError("FILE_FAILED", `${doing} failed: ${message}`, { cause, path, resumable: true });
}

/** Whether another connection holds the lock. */
export function isLocked(error: unknown): boolean {
  const primary = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  return primary === SQLITE.busy || primary === SQLITE.locked;
}
