// A list that a server has may change while its job lasts, and a job needs the list that it began with. So it is fetched once, whole,
// before the job begins:
//
//   1. to `out.jsonl.list-….part-PID`, which is synced      (killed here, the next one removes it, and begins anew)
//   2. renamed to `out.jsonl.list-…`, which is durable: with the lock of the job, or it could be the list of one that runs
//   3. the journal is made: from here on, the file is the list
//
// Its name holds a hash of the URL and the format: the list of another URL is not taken for it.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ListFormat } from "../../entry/jobs.ts";
import type { BaseClient } from "../../entry/node.ts";
import { redactUrls } from "../../entry/redaction.ts";
import { JobError } from "../../jobs/job-error.ts";
import type { JobPaths } from "../../jobs/job-options.ts";
import { jobPaths } from "../../jobs/job-paths.ts";
import { nodeFiles } from "../../jobs/journal/files.ts";
import { JobLock } from "../../jobs/journal/job-lock.ts";
import { FileError } from "../exit-code.ts";
import { fetchedBytes } from "./fetched-bytes.ts";
import { sitemapLines } from "./sitemap-lines.ts";

export interface RemoteList {
  readonly url: string;
  readonly format: ListFormat;
  /** Of the job. */
  readonly output: string;
  /** Whether the job is begun anew. */
  readonly fresh: boolean;
}

/** Where the list stands, and whether it has to be fetched first. */
export interface Spool {
  readonly path: string;
  readonly isThere: boolean;
}

/** @throws JobError where a job was begun with another list */
export function spoolOf(list: RemoteList): Spool {
  const { url, format, output, fresh } = list;
  const paths = pathsOf(list);
  const hash = createHash("sha256").update(`${format} ${url}`).digest("hex").slice(0, 8);
  const path = `${paths.output}.list-${hash}`;
  if (fresh || !existsSync(paths.journal)) return { path, isThere: false };
  if (existsSync(path)) return { path, isThere: true };
  const message = `${output} was begun with another list than ${url}, or ${path}, which was fetched from there, is gone`;
  throw new JobError("JOB_DIFFERS", message, { path });
}

function pathsOf({ output }: RemoteList): JobPaths {
  return jobPaths(output, "inline");
}

/** How a list is read that was fetched: sitemaps are made lines of JSON. */
export function spooledFormat(format: ListFormat): ListFormat {
  return format === "sitemap" ? "jsonl" : format;
}

/**
 * Returns when the list is on the disk, whole.
 *
 * @throws JobError where it can't be fetched, or another run is at the job; FileError where it can't be written
 */
export async function spool(path: string, list: RemoteList, client: BaseClient): Promise<void> {
  const part = `${path}.part-${process.pid}`;
  await attempt(path, async () => {
    // Before anything is asked for.
    JobLock.take(pathsOf(list)).release();
    removeLeftParts(path);
    try {
      const file = await open(part, "w");
      try {
        for await (const chunk of contentOf(list, client)) await file.writeFile(chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      putInPlace(part, list);
    } finally {
      rmSync(part, { force: true });
    }
  });
}

/** @throws JobError where a job that is under way would lose its list, or has begun meanwhile with another one */
function putInPlace(part: string, list: RemoteList): void {
  const lock = JobLock.take(pathsOf(list));
  try {
    const { path, isThere } = spoolOf(list);
    if (isThere) return;
    nodeFiles.rename(part, path);
    nodeFiles.syncDirectory(dirname(path));
  } finally {
    lock.release();
  }
}

type Chunk = Parameters<FileHandle["writeFile"]>[0];

async function* contentOf({ url, format }: RemoteList, client: BaseClient): AsyncGenerator<Chunk> {
  const open = (address: string) => fetchedBytes(address, client);
  if (format !== "sitemap") yield* open(url).chunks(0);
  else yield* sitemapLines(url, { open, warn: message => process.emitWarning(redactUrls(message)) });
}

/** What processes have left that were killed. */
function removeLeftParts(path: string): void {
  const begin = `${basename(path)}.part-`;
  for (const name of readdirSync(dirname(path)))
    if (name.startsWith(begin) && !isAlive(Number(name.slice(begin.length))))
      rmSync(join(dirname(path), name), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function attempt(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : new FileError(`can't write the list ${path}: ${message}`);
  }
}
