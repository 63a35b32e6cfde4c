// Runs a job in a process, kills that process at a chosen moment, and looks at what it left.

import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { rowLogPath } from "../../src/jobs/sink/parquet-file.ts";
import type { ProcessOptions } from "./job-process.ts";

const PROCESS = join(import.meta.dirname, "job-process.ts");
const KILL_AT_CALL = pathToFileURL(join(import.meta.dirname, "kill-at-call.ts")).href;

/** When to kill: so long after the job has been opened; then, if wished, not before the output has grown once more. */
interface TimedKill {
  readonly afterMs: number;
  /** Waits for a write of the output, and this long beyond it: inside a commit, that is. */
  readonly afterWriteMs?: number;
}

/** The journal's call at which to kill, from 1, and whether it has had its effect by then: see kill-at-call.ts. */
export interface CountedKill {
  readonly atCall: number;
  readonly when: "before" | "after";
}

export type KillPlan = TimedKill | CountedKill;

export interface Killed {
  /** False when the job had ended before. */
  readonly wasKilled: boolean;
  /** Lines had been written that the journal did not know of: it was killed inside a commit. */
  readonly insideCommit: boolean;
  readonly stdout: string;
}

export interface StartedJob {
  readonly child: ChildProcess;
  /** Resolves when the job has been opened, or the process has ended. */
  readonly opened: Promise<void>;
  /** What the process said. */
  readonly ended: Promise<string>;
}

export function startJob(options: ProcessOptions, kill?: CountedKill): StartedJob {
  const preload = kill === undefined ? [] : ["--import", KILL_AT_CALL];
  const child = spawn(process.execPath, ["--no-warnings", ...preload, PROCESS, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: kill === undefined ? process.env : { ...process.env, SKEIN_KILL_AT: `${kill.atCall} ${kill.when}` },
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", text => {
    stdout += text;
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(stdout));
  });
  const opened = new Promise<void>(resolve => {
    child.stdout.once("data", () => resolve());
    child.once("close", () => resolve());
  });
  return { child, opened, ended };
}

/** Runs a job to its end, or to the moment of the plan. */
export async function runAndKill(options: ProcessOptions, plan: KillPlan): Promise<Killed> {
  const isCounted = "atCall" in plan;
  const { child, opened, ended } = startJob(options, isCounted ? plan : undefined);
  await opened;
  const killer = isCounted
    ? undefined
    : new Worker(KILLER, {
        eval: true,
        workerData: { pid: child.pid, output: rowsOf(options.output), plan },
      });
  const stdout = await ended;
  await killer?.terminate();
  const wasKilled = child.signalCode === "SIGKILL";
  return { wasKilled, insideCommit: wasKilled && isAheadOfJournal(options.output), stdout };
}

/** Sleeps without an event loop in between: a commit takes less than a millisecond. */
const KILLER = `
  const { workerData: { pid, output, plan } } = require("node:worker_threads");
  const { statSync } = require("node:fs");
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const sleep = ms => Atomics.wait(cell, 0, 0, ms);
  const size = () => statSync(output, { throwIfNoEntry: false })?.size ?? 0;
  sleep(plan.afterMs);
  if (plan.afterWriteMs !== undefined) {
    const before = size();
    while (size() === before) sleep(0.05);
    if (plan.afterWriteMs > 0) sleep(plan.afterWriteMs);
  }
  try { process.kill(pid, "SIGKILL"); } catch (error) { if (error.code !== "ESRCH") throw error; }
`;

/** The file that grows while the job runs. */
function rowsOf(output: string): string {
  return output.endsWith(".parquet") ? rowLogPath(output) : output;
}

/** Compares with a copy of the journal: opening the journal itself would mend it, which is the next run's task. */
function isAheadOfJournal(output: string): boolean {
  const journal = `${output}.job.db`;
  const rows = rowsOf(output);
  if (!existsSync(journal) || !existsSync(rows)) return false;
  const folder = mkdtempSync(join(tmpdir(), "skein-copy-"));
  try {
    const copy = join(folder, "copy.db");
    copyFileSync(journal, copy);
    if (existsSync(`${journal}-wal`)) copyFileSync(`${journal}-wal`, `${copy}-wal`);
    const database = new DatabaseSync(copy);
    const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get() as { n: number };
    const known = tables.n === 0 ? undefined : database.prepare("SELECT output_bytes AS size FROM job").get();
    database.close();
    return statSync(rows).size > Number(known?.size ?? 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
