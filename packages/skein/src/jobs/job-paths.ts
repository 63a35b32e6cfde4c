import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import { JobError } from "./job-error.ts";
import type { BodyMode, JobPaths } from "./job-options.ts";
import { rowLogPath } from "./sink/parquet-file.ts";
import { nameWithoutShard } from "./sink/shards.ts";

/** @throws JobError when the output's directory does not exist */
export function jobPaths(output: string, bodies: BodyMode): JobPaths {
  const path = canonicalPath(resolve(output));
  const { dir, base } = parse(path);
  // `out.json` beside `out.jsonl` is another job, with rejects of its own.
  const name = nameWithoutShard(base).replace(/\.jsonl$/, "");
  return {
    output: path,
    rows: path.toLowerCase().endsWith(".parquet") ? rowLogPath(path) : path,
    rejects: join(dir, `${name}.rejects.jsonl`),
    journal: `${path}.job.db`,
    bodies: bodies === "none" ? undefined : bodiesDirectory(bodies, join(dir, `${name}.bodies`)),
  };
}

function bodiesDirectory(bodies: Exclude<BodyMode, "none">, beside: string): string {
  return bodies === "inline" ? beside : resolve(bodies.directory);
}

const MOST_LINKS = 40;

/** One file has one journal, whatever links lead to it, also before it is made. */
function canonicalPath(path: string, links = 0): string {
  if (existsSync(path)) return realpathSync(path);
  const link = linkAt(path);
  if (links > MOST_LINKS)
    throw new JobError("FILE_FAILED", `can't write ${path}: its links lead nowhere`, { path });
  if (link !== undefined) return canonicalPath(resolve(dirname(path), link), links + 1);
  const directory = dirname(path);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    return join(realpathSync(directory), parse(path).base);
  }
  throw new JobError("FILE_FAILED", `can't write ${path}: there is no directory ${directory}`, { path });
}

/** Where a link leads that leads nowhere as yet. */
function linkAt(path: string): string | undefined {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? readlinkSync(path) : undefined;
}
