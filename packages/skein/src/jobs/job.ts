import { existsSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import {
  type BatchLimitChanges,
  type BatchLimits,
  type BatchProgress,
  isTooManyErrors,
  type SettledTask,
} from "../entry/node.ts";
import type { Engine } from "./engine/engine.ts";
import { LocalEngine } from "./engine/local-engine.ts";
import type { ThreadGroup } from "./engine/thread-protocol.ts";
import { ThreadsEngine } from "./engine/threads-engine.ts";
import type { Feed } from "./feed.ts";
import { findsItems, linkModeOf } from "./found-items.ts";
import { outputLines } from "./inspect/output-lines.ts";
import type { JobOptions, JobPaths, JobProgress, JobSummary, OpenItem } from "./job-options.ts";
import type { Journal } from "./journal/journal.ts";
import { Outbox } from "./journal/outbox.ts";
import { Ledger } from "./ledger.ts";
import { makeFeed } from "./make-feed.ts";
import { type OpenedJob, openJob } from "./open-job.ts";
import { outputKindOf } from "./semantics.ts";
import { sizedRows, writeParquet } from "./sink/parquet-file.ts";
import { rowsOf } from "./sink/rows-of.ts";
import type { PeekedBlocks } from "./source/peeked-blocks.ts";
import type { PendingItem } from "./source/pending-item.ts";
import { Tally } from "./tally.ts";
import { Timeline, type TimelineFacts } from "./timeline.ts";

type Ending = JobSummary["ended"];

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/**
 * A durable batch: each item of a list is fetched once and recorded once, whatever kills the process in between.
 *
 * An item has ended when it has a row in the journal and a line in the output: both or none of them survive. What was in
 * flight when the process was killed is sent again by the next run, unless it is not safe to repeat: then it ends as
 * "unknown".
 *
 * @example
 * const client = new Client();
 * const job = await Job.open({ source: linesSource("urls.txt"), output: "results.jsonl", client });
 * const summary = await job.run();
 * await job.close();
 */
export class Job {
  readonly paths: JobPaths;
  /** What runs before this one had done; undefined for a new job. */
  readonly resumed: { readonly done: number; readonly rejected: number } | undefined;
  /** Every line of the list had ended when the job was opened: `run()` sends nothing. */
  readonly complete: boolean;
  /** Its items are asked for again (see `refresh` of its options), from the start or where that was stopped. */
  readonly refreshing: boolean;
  readonly #options: JobOptions;
  readonly #journal: Journal;
  readonly #blocks: PeekedBlocks | undefined;
  readonly #tally: Tally;
  readonly #outbox: Outbox;
  readonly #ledger: Ledger;
  readonly #feed: Feed;
  readonly #engine: Engine;
  #timeline: Timeline | undefined;
  #running: Promise<JobSummary> | undefined;
  #ending: Ending = "complete";
  #failure: { readonly error: unknown } | undefined;
  #counted: number | undefined;
  #added: number;
  #startedAt = 0;
  #endedAt: number | undefined;
  #closed: Promise<void> | undefined;

  private constructor(opened: OpenedJob) {
    const { options, paths, journal, known } = opened;
    this.paths = paths;
    this.complete = opened.complete;
    this.refreshing = known.refreshing;
    this.#options = options;
    this.#journal = journal;
    this.#blocks = opened.blocks;
    this.#tally = new Tally(known);
    this.#added = known.added.count;
    this.resumed =
      known.lastLine === 0 ? undefined : { done: this.#tally.done, rejected: this.#tally.rejected };
    this.#outbox = new Outbox({
      position: () => this.#feed.position,
      commit: (group, transfer) =>
        journal.call("commit", group, transfer).then(added => this.#hasAdded(added)),
      links: linkModeOf(options),
      failed: error => this.#fail(error),
    });
    const rows = rowsOf(options, paths, file => this.#outbox.addFile(file));
    this.#ledger = new Ledger(this.#outbox, {
      rows,
      tally: this.#tally,
      add: options.add,
      hasFound: findsItems(options),
      acceptsNotModified: options.accept?.(304) === true,
    });
    this.#feed = makeFeed(opened, this.#ledger, () => this.#outbox.flush());
    this.#engine = this.#makeEngine();
  }

  /**
   * Opens a job: takes the lock of its journal, compares with what the journal says the job is, and cuts the output back
   * to what the journal knows.
   *
   * @throws JobError when the list can't be read or is empty, the output is not a job's, another process runs it, or
   * the job differs from the one that was begun
   */
  static async open(options: JobOptions): Promise<Job>;
  static async open(output: string, options: Omit<JobOptions, "output">): Promise<Job>;
  static async open(first: string | JobOptions, rest?: Omit<JobOptions, "output">): Promise<Job> {
    const options = typeof first === "string" ? ({ ...rest, output: first } as JobOptions) : first;
    return new Job(await openJob(options));
  }

  /** A snapshot of how far it is; cheap enough to be read ten times a second. */
  get progress(): JobProgress {
    const { pending = 0, running = 0, waiting = 0, bytes = 0, attempts = 0 } = this.#engine.progress ?? {};
    return {
      ...this.#tally.counts,
      total: this.#total(),
      doneBefore: this.#tally.doneBefore,
      pending,
      running,
      waiting,
      bytes,
      requests: attempts,
      elapsedMs: this.#elapsed(),
      latency: this.#tally.latency,
    };
  }

  /**
   * Runs the job to its end, or until it is drained or aborted. A second call gives the same promise.
   *
   * @throws (rejects with) JobError when a file fails; the journal then stands where it was last in order, and the job
   * resumes there
   */
  run(): Promise<JobSummary> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /**
   * Progress from time to time, until the run has ended; the last one is of its end. Starts it where `run()` has
   * not been called. Leaving the loop leaves the job alone.
   *
   * @param every milliseconds in between
   * @example
   * const running = job.run();
   * for await (const { done, total } of job.updates()) console.log(done, total);
   */
  async *updates(every = 1_000): AsyncGenerator<JobProgress> {
    const ended = this.run().then(
      () => true,
      () => true,
    );
    for (let hasEnded = false; !hasEnded; ) {
      yield this.progress;
      const timer = Promise.withResolvers<false>();
      const timeout = setTimeout(() => timer.resolve(false), every);
      hasEnded = await Promise.race([ended, timer.promise]);
      clearTimeout(timeout);
    }
    yield this.progress;
  }

  /** Starts no attempt until `resume()`; what is in flight goes on. */
  pause(): void {
    this.#engine.pause();
  }

  resume(): void {
    this.#engine.resume();
  }

  /** What its batch tells; undefined before the run, and where there is nothing to be sent. */
  get batchProgress(): BatchProgress | undefined {
    return this.#engine.progress;
  }

  /**
   * The limits in force, as `limits()` of a batch tells and changes them; undefined, and nothing is changed, before the run and
   * where there is nothing to be sent. The next run begins with those of its options.
   *
   * @throws InvalidOption
   * @example
   * job.limits({ concurrency: 10, rate: "20/s" });
   */
  limits(changes?: BatchLimitChanges): BatchLimits | undefined {
    return this.#engine.limits(changes);
  }

  /** In flight, then waiting for their next attempt; none before the run. Threads tell them within 0.1 s of the first call. */
  openItems(limit = 100): OpenItem[] {
    return this.#engine.openTasks(limit).map(({ input: { item }, ...task }) => ({ ...task, item }));
  }

  /** Starts nothing more and finishes what is in flight; `run()` then resolves. */
  drain(): void {
    if (this.#ending === "complete") this.#ending = "drained";
    this.#feed.stop();
    this.#engine.drain();
  }

  /** Cancels what is in flight too; those items stay pending in the journal. */
  abort(): void {
    this.#ending = "aborted";
    this.#feed.stop();
    this.#engine.cancel("the job was aborted");
  }

  /** Gives the lock back. Aborts a run under way. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  // ── running ──

  async #run(): Promise<JobSummary> {
    this.#startedAt = performance.now();
    const onAbort = () => this.abort();
    const { signal } = this.#options;
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) this.abort();
    try {
      if (!this.complete && this.#ending === "complete") await this.#sendAll();
      const summary = this.#summary();
      if (summary.ended === "complete") await this.#publish();
      return summary;
    } finally {
      this.#endedAt = performance.now();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #sendAll(): Promise<void> {
    if (!this.refreshing) await this.#unpublish();
    void this.#count();
    const timeline = new Timeline(
      () => this.#timelineFacts(),
      sample => this.#outbox.addSample(sample),
    );
    this.#timeline = timeline;
    try {
      await this.#engine.run(this.#feed);
    } finally {
      timeline.end();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const item of this.#feed.pending) if (item.isMarked) this.#ledger.release(item);
    const isComplete = this.#feed.ended && this.#feed.pending.size === 0;
    if (this.refreshing && isComplete) await this.#unpublish();
    await this.#outbox.flush(isComplete);
    if (this.#feed.failure !== undefined) throw this.#feed.failure.error;
  }

  /** What was made of other rows is no longer true. */
  async #unpublish(): Promise<void> {
    if (this.paths.rows !== this.paths.output) await rm(this.paths.output, { force: true });
  }

  /** Makes a Parquet file of the rows, where that is what the output is, and none has been made. */
  async #publish(): Promise<void> {
    const { output, rows } = this.paths;
    if (rows === output || existsSync(output)) return;
    const part = { path: rows, length: statSync(rows).size, isWhole: true };
    await writeParquet(sizedRows(outputLines(outputKindOf(this.#options), part)), output);
  }

  /** A row that could not be made ends the run. */
  #settled(item: PendingItem, task: SettledTask<unknown, unknown>): void {
    if (this.#failure !== undefined) return;
    try {
      this.#ledger.settled(item, task);
      this.#feed.hasEnded(item);
      // Else it would wait until the group is full, or old.
      if (this.#feed.isHungry) this.#outbox.flushFound();
      for (const { durationMs } of task.attempts) this.#timeline?.attempted(durationMs);
    } catch (error) {
      this.#fail(error);
    }
  }

  #settledElsewhere(items: readonly PendingItem[], group: ThreadGroup): Promise<void> {
    if (this.#failure !== undefined) return Promise.resolve();
    for (const item of items) this.#feed.hasEnded(item);
    for (const ms of group.attempts) this.#timeline?.attempted(ms);
    return this.#ledger.passed(group);
  }

  #hasAdded(count: number): void {
    if (count === this.#added) return;
    this.#added = count;
    this.#feed.addedMore();
  }

  #timelineFacts(): TimelineFacts {
    const { succeeded, failed, unknown } = this.#tally;
    const { progress } = this.#engine;
    const limits = this.#engine.limits();
    return {
      progress,
      succeeded,
      failed: failed + unknown,
      concurrency: limits === undefined || limits.findsConcurrency ? null : limits.concurrency,
    };
  }

  /** The journal takes no more: nothing that is sent from now on could be recorded. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#feed.stop();
    this.#engine.cancel(error);
  }

  async #close(): Promise<void> {
    this.abort();
    // Whoever called run() is told what became of it.
    await this.#running?.catch(() => undefined);
    this.#outbox.stop();
    // Not awaited: of a stream whose next line does not come, this would wait for it.
    this.#blocks?.return().catch(() => undefined);
    await this.#journal.close();
  }

  // ── parts ──

  #makeEngine(): Engine {
    const { client, threads } = this.#options;
    const events = {
      // The mark stays in the journal, and the next run finds it. What may be repeated stays pending.
      maybeSent: (item: PendingItem) => {
        item.isMarked = false;
      },
      clientClosed: () => this.abort(),
    };
    if (threads === undefined) {
      return new LocalEngine(client!, this.#engineOptions(), {
        ...events,
        settled: (item, task) => this.#settled(item, task),
        room: () => this.#outbox.room(),
      });
    }
    const { succeeded, failed } = this.#tally;
    return new ThreadsEngine(
      threads,
      { options: this.#options, paths: this.paths },
      {
        ...events,
        ended: (items, group) => this.#settledElsewhere(items, group),
        counts: () => ({
          succeeded: this.#tally.succeeded - succeeded,
          failed: this.#tally.failed - failed,
        }),
      },
    );
  }

  /** While it refreshes, 304 is no failure: whether it is, the ledger knows. */
  #engineOptions(): JobOptions {
    const { accept = isSuccess } = this.#options;
    if (!this.refreshing) return this.#options;
    return { ...this.#options, accept: status => status === 304 || accept(status) };
  }

  // ── counting ──

  /** A list that can't be counted has been found unreadable already, or will be: progress is not the place to tell. */
  async #count(): Promise<void> {
    this.#counted = await this.#options.source.count().catch(() => undefined);
  }

  #total(): number | undefined {
    const { done, rejected } = this.#tally;
    if (this.complete) return done;
    if (this.#feed.ended) return done + this.#feed.pending.size;
    return this.#counted === undefined ? undefined : Math.max(done, this.#counted + this.#added - rejected);
  }

  #elapsed(): number {
    return this.#startedAt === 0 ? 0 : (this.#endedAt ?? performance.now()) - this.#startedAt;
  }

  #summary(): JobSummary {
    const { total, running, waiting, pending, ...rest } = this.progress;
    const isComplete = this.complete || (this.#feed.ended && this.#feed.pending.size === 0);
    if (isComplete) return { ...rest, ended: "complete" };
    const reason = this.#engine.stopReason;
    const tooManyErrors = isTooManyErrors(reason) ? reason : undefined;
    // A batch that ends by itself before its input does was cancelled from elsewhere.
    return { ...rest, ended: this.#ending === "drained" ? "drained" : "aborted", tooManyErrors };
  }
}
