import { existsSync } from "node:fs";
import type { Job, JobSummary } from "../../entry/jobs.ts";
import type { StatusSet } from "../args/status-set.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { exitCodeOfSummary } from "../job-exit.ts";
import { type ProgressMode, ProgressReporter } from "../progress-reporter.ts";
import { formatDuration } from "../render/format-duration.ts";
import { formatCount } from "../render/format-number.ts";
import { type HeldOrigin, heldOrigins } from "../render/held-back.ts";
import { renderJsonSummary } from "../render/json-summary.ts";
import { Meter } from "../render/meter.ts";
import { paintFor } from "../render/paint.ts";
import { renderSummary } from "../render/summary.ts";
import { resumeText } from "../resume-command.ts";
import { shownPath } from "../shown-path.ts";
import { handleStopSignals } from "../signals.ts";

const TOP_ERRORS = 5;
/** To find them, all origins are looked at. */
const HELD_EVERY_MS = 1_000;

export interface RunFlags {
  readonly acceptStatus: StatusSet;
  readonly quiet?: boolean;
  readonly progress?: ProgressMode;
  /** How long the run may take, in milliseconds. */
  readonly deadline?: number;
}

/** Who else is told how the run goes. */
export interface RunWatcher {
  /** It was asked to end. */
  stopping(): void;
  ended(summary: JobSummary): void;
  failed(error: unknown): void;
}

const NOBODY: RunWatcher = { stopping() {}, ended() {}, failed() {} };

async function watched<T extends { readonly summary: JobSummary }>(
  watcher: RunWatcher,
  run: () => Promise<T>,
): Promise<T> {
  try {
    const result = await run();
    watcher.ended(result.summary);
    return result;
  } catch (error) {
    watcher.failed(error);
    throw error;
  }
}

/** Runs a job to its end: shows it meanwhile, lets signals stop it, and tells how it ended. */
export async function runJob(job: Job, flags: RunFlags, watcher: RunWatcher = NOBODY): Promise<ExitCode> {
  const mode = flags.quiet ? "none" : (flags.progress ?? (process.stderr.isTTY ? "tty" : "plain"));
  const reporter = new ProgressReporter(mode, process.stderr, paintFor(process.stderr));
  if (!flags.quiet) greet(job, reporter);
  const { summary, interrupted } = await watched(watcher, () =>
    runWatched(job, reporter, { ...flags, watcher }),
  );
  if (mode === "json") process.stderr.write(`${renderJsonSummary(summary, job.paths)}\n`);
  else if (!flags.quiet) process.stderr.write(summaryText(job, summary, flags));
  const { tooManyErrors } = summary;
  if (tooManyErrors !== undefined)
    reporter.note(`Stopped: ${formatCount(tooManyErrors.failed)} have failed in this run.`);
  if (summary.ended !== "complete") reporter.note(resumeText("To go on"));
  else if (summary.failed > 0 && !flags.quiet)
    reporter.note(resumeText("To try the failed ones again", "--retry-failed"));
  return exitCodeOfSummary(summary, interrupted);
}

function greet(job: Job, reporter: ProgressReporter): void {
  if (job.complete) {
    reporter.note(
      `${shownPath(job.paths.output)} is complete, so nothing is sent. To ask for all of it again, add --refresh; to begin anew, --fresh.`,
    );
  } else if (job.refreshing) {
    reporter.note(
      `Asking again for all of ${shownPath(job.paths.output)}, which stays as it is until that is done.`,
    );
  } else if (job.resumed !== undefined) {
    reporter.note(
      `Going on with ${shownPath(job.paths.output)}: ${formatCount(job.resumed.done)} were done before.`,
    );
  }
}

async function runWatched(
  job: Job,
  reporter: ProgressReporter,
  { watcher, ...flags }: RunFlags & { readonly watcher: RunWatcher },
): Promise<{ summary: JobSummary; interrupted: boolean }> {
  const meter = new Meter({ accepts: flags.acceptStatus, topErrors: TOP_ERRORS });
  const ignoreSignals = handleStopSignals({
    drain() {
      meter.draining = true;
      watcher.stopping();
      job.drain();
      const { running } = job.progress;
      reporter.note(
        `Stopping when the ${formatCount(running)} requests in flight have ended, in at most 10 s.`,
      );
      reporter.note("Ctrl-C again stops at once.");
    },
    abort(why) {
      reporter.note(why === "signal" ? "Stopping at once." : "The 10 s are over: stopping at once.");
      job.abort();
    },
    kill: () => process.exit(EXIT.interrupted),
  });
  const timer = setDeadline(flags.deadline, ms => {
    reporter.note(`The deadline of ${formatDuration(ms)} has passed: stopping at once.`);
    job.abort();
  });
  try {
    const held = heldOf(job);
    reporter.start(() => meter.read(job.progress, held()));
    return { summary: await job.run(), interrupted: meter.draining };
  } finally {
    clearTimeout(timer);
    ignoreSignals();
    reporter.stop();
  }
}

/** Which origins are left alone, as of the last second. */
function heldOf(job: Job): () => readonly HeldOrigin[] {
  let held: readonly HeldOrigin[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - readAt < HELD_EVERY_MS) return held;
    readAt = now;
    held = heldOrigins(job.batchProgress);
    return held;
  };
}

function setDeadline(ms: number | undefined, pass: (ms: number) => void): NodeJS.Timeout | undefined {
  return ms === undefined ? undefined : setTimeout(() => pass(ms), ms);
}

function summaryText(job: Job, summary: JobSummary, flags: RunFlags): string {
  const { output, rows, rejects, journal, bodies } = job.paths;
  return renderSummary(summary, {
    total: job.progress.total,
    accepts: flags.acceptStatus,
    files: {
      output: shownPath(output),
      rows: shownPath(rows),
      rejects: shownPath(rejects),
      journal: shownPath(journal),
      bodies: bodies !== undefined && existsSync(bodies) ? shownPath(bodies) : undefined,
    },
    paint: paintFor(process.stderr),
  });
}
