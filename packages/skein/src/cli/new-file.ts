import { createWriteStream, existsSync, realpathSync, renameSync, rmSync } from "node:fs";
import type { Writable } from "node:stream";
import { outputParts } from "../jobs/inspect/output-parts.ts";
import { jobPaths } from "../jobs/job-paths.ts";
import { FileError, UsageError } from "./exit-code.ts";

/** A file that a command makes from a job's. */
export interface NewFile {
  /** As it was named, with `-o`. */
  readonly path: string;
  /** The job's output. */
  readonly source: string;
  /** Whether one that is there may be overwritten. */
  readonly force: boolean;
}

/** @throws UsageError where it would overwrite something that it must not */
export function checkNewFile({ path, source, force }: NewFile): void {
  if (!existsSync(path)) return;
  const isRead = filesOf(source).some(file => existsSync(file) && realpathSync(path) === realpathSync(file));
  if (isRead) throw new UsageError(`-o: ${path} is what is read; expected another file`);
  if (existsSync(`${path}.job.db`))
    throw new UsageError(`-o: ${path} is the output of a job; expected another file`);
  if (!force) throw new UsageError(`-o: ${path} exists; to overwrite it, add --force`);
}

function filesOf(source: string): string[] {
  const { output, rows, journal, rejects } = jobPaths(source, "none");
  const parts = outputParts(output, Number.POSITIVE_INFINITY).map(part => part.path);
  return [...parts, rows, journal, rejects];
}

/**
 * The file is there when it is whole.
 *
 * @throws FileError where it can't be written; what `fill` throws
 */
export async function writeNewFile(path: string, fill: (file: Writable) => Promise<void>): Promise<void> {
  const part = `${path}.part`;
  try {
    await fill(createWriteStream(part));
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    const { syscall, message } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : new FileError(`-o: can't write ${path}: ${message}`);
  }
}
