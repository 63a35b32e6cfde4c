import type { Job } from "../../entry/jobs.ts";
import { JobLog } from "../../jobs/inspect/job-log.ts";
import { LiveView } from "../dashboard/live-view.ts";
import { Dashboard } from "../dashboard/server.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { type RunFlags, runJob } from "./run-job.ts";

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A job that can be opened again, to send what failed. */
export interface PagedJob {
  open(again?: { readonly fresh: false; readonly refresh: false; readonly retryFailed: true }): Promise<Job>;
  /** Whether its list can be read once more. */
  readonly mayRetry: boolean;
  /** The most connections that its client opens. */
  readonly most: number;
  /** How many requests its client sends to a host at once, redirected ones included. */
  limitHosts(most: number): void;
}

/**
 * Runs a job, and serves a page on it meanwhile. On a terminal the page stays when the job has ended, until Ctrl-C; else nobody is
 * there to end it, so that it ends with the job.
 */
export async function runWithPage({ open, ...parts }: PagedJob, flags: RunFlags): Promise<ExitCode> {
  let job = await open();
  let log: JobLog | undefined;
  let dashboard: Dashboard | undefined;
  try {
    log = await JobLog.open(job.paths.output);
    const view = new LiveView(job, { log, ...parts });
    dashboard = await Dashboard.open(() => view);
    process.stderr.write(`The job is shown at ${dashboard.url}\n`);
    for (;;) {
      const exitCode = await runJob(job, flags, view);
      if (exitCode === EXIT.interrupted || !(await isToGoOn(view))) return exitCode;
      await job.close();
      job = await open({ fresh: false, refresh: false, retryFailed: true });
      view.begin(job);
    }
  } finally {
    await dashboard?.close();
    // Before the job: the last to leave the journal makes it one file.
    await log?.close();
    await job.close();
  }
}

/** Whether the page has asked to send once more what failed; on a terminal it has until Ctrl-C to do so. */
async function isToGoOn(view: LiveView): Promise<boolean> {
  if (view.wantsRetry) return true;
  if (!process.stderr.isTTY || !process.stdin.isTTY) return false;
  process.stderr.write("The page stays until Ctrl-C.\n");
  const stop = Promise.withResolvers<void>();
  for (const signal of STOP_SIGNALS) process.once(signal, stop.resolve);
  try {
    await Promise.race([view.retryWanted, stop.promise]);
    return view.wantsRetry;
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop.resolve);
  }
}
