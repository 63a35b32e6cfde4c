import type { Job, JobSummary, OpenItem } from "../../entry/jobs.ts";
import { type BatchProgress, isInvalidOption } from "../../entry/node.ts";
import { redactUrls } from "../../entry/redaction.ts";
import type { JobLog } from "../../jobs/inspect/job-log.ts";
import type { OriginPageRequest } from "../../jobs/journal/inspection/inspection-types.ts";
import { ControlRefused, type JobView } from "./job-view.ts";
import type {
  ControlAction,
  ControlAnswer,
  ControlRequest,
  JobFacts,
  JobLimits,
  JobState,
  LimitChanges,
  OpenItemRow,
  OpenItems,
  OriginNow,
  OriginPage,
  Snapshot,
} from "./protocol.ts";
import { factsOf } from "./recorded-view.ts";
import { BadRequest } from "./requests.ts";
import { acceptsOf, type LiveFigures, snapshotOf } from "./snapshot.ts";

/** As long as Ctrl-C gives them. */
const DRAIN_MS = 10_000;

/** What is possible in which state, beside `retry-failed`. */
const CONTROLS: Readonly<Record<JobState, readonly ControlAction[]>> = {
  running: ["pause", "cancel", "set"],
  paused: ["resume", "cancel", "set"],
  stopping: [],
  complete: [],
  stopped: [],
  failed: [],
};

export interface LiveParts {
  readonly log: JobLog;
  /** The most connections that the client opens. */
  readonly most: number;
  /** Whether the list can be read once more. */
  readonly mayRetry: boolean;
  /** How many requests the client sends to a host at once, redirected ones included. */
  limitHosts(most: number): void;
}

/** A job that runs in this process. */
export class LiveView implements JobView {
  readonly log: JobLog;
  readonly #parts: LiveParts;
  readonly #accepts: (status: number) => boolean;
  #job: Job;
  #runStartedAt = Date.now();
  #phase: "open" | "paused" | "stopping" | "ended" = "open";
  #ended: JobState = "stopped";
  #failure: string | null = null;
  #retryWanted = Promise.withResolvers<void>();
  #wantsRetry = false;

  constructor(job: Job, parts: LiveParts) {
    this.log = parts.log;
    this.#parts = parts;
    this.#job = job;
    this.#accepts = acceptsOf(parts.log.report.request.accept);
  }

  // ── what its run tells ──

  /** Another run of the same job begins. */
  begin(job: Job): void {
    this.#job = job;
    this.#runStartedAt = Date.now();
    this.#phase = "open";
    this.#failure = null;
    this.#forgetRetry();
  }

  #forgetRetry(): void {
    this.#wantsRetry = false;
    this.#retryWanted = Promise.withResolvers();
  }

  stopping(): void {
    if (this.#phase !== "ended") this.#phase = "stopping";
  }

  ended({ ended }: Pick<JobSummary, "ended">): void {
    this.#phase = "ended";
    this.#ended = ended === "complete" ? "complete" : "stopped";
    // Whoever stopped it, or the deadline, did not mean it to go on.
    if (ended !== "complete") this.#forgetRetry();
  }

  failed(error: unknown): void {
    this.#phase = "ended";
    this.#ended = "failed";
    this.#failure = error instanceof Error ? error.message : String(error);
  }

  /** Whether what failed is to be sent once more. */
  get wantsRetry(): boolean {
    return this.#wantsRetry;
  }

  /** Resolves when that is so. */
  get retryWanted(): Promise<void> {
    return this.#retryWanted.promise;
  }

  // ── what the page asks ──

  async facts(): Promise<JobFacts> {
    const figures = await this.log.figures();
    // The journal knows of this run when its first second is over.
    const { startedAt } = figures;
    const begun = { startedAt: startedAt ?? this.#runStartedAt, runStartedAt: this.#runStartedAt };
    return factsOf(this.log, begun, {
      ...{ state: this.#state, failure: this.#failure, live: true, limits: this.#limits },
      controls: this.#controls(figures.failed),
    });
  }

  async snapshot(): Promise<Snapshot> {
    const { batchProgress: batch, progress } = this.#job;
    const figures = await this.log.figures(batch?.origins.map(({ origin }) => origin));
    return snapshotOf({
      ...{ state: this.#state, failure: this.#failure, limits: this.#limits },
      controls: this.#controls(figures.failed),
      figures,
      live: batch && this.#liveFigures(batch, progress.elapsedMs),
      total: progress.total ?? null,
      doneBefore: progress.doneBefore,
      accepts: this.#accepts,
    });
  }

  /** Of those that take longest, what is known of them at this moment. */
  async origins(request: OriginPageRequest): Promise<OriginPage> {
    const page = await this.log.origins(request);
    const now = this.#originsNow(this.#job.batchProgress);
    const rows = page.origins.map(origin => ({ ...origin, now: now.get(origin.origin) ?? null }));
    return { ...page, origins: rows };
  }

  open(limit: number): OpenItems {
    const items = this.#job.openItems(limit);
    return { items: this.#phase === "ended" ? [] : items.map(openRow) };
  }

  async control(request: ControlRequest): Promise<ControlAnswer> {
    const { failed } = await this.log.figures();
    const { action } = request;
    if (!this.#controls(failed).includes(action))
      throw new ControlRefused(`${action} is not possible now: the job is ${this.#state}`);
    const message = this.#act(request);
    return { message, state: this.#state, limits: this.#limits };
  }

  #act(request: ControlRequest): string {
    switch (request.action) {
      case "pause":
        this.#job.pause();
        this.#phase = "paused";
        return "Paused: what is in flight goes on, nothing more is sent.";
      case "resume":
        this.#job.resume();
        this.#phase = "open";
        return "The job goes on.";
      case "cancel":
        return this.#cancel();
      case "retry-failed":
        this.#wantsRetry = true;
        this.#retryWanted.resolve();
        return this.#phase === "ended"
          ? "What has failed is sent once more."
          : "What has failed is sent once more when the list has been gone through.";
      case "set":
        return this.#set(request);
    }
  }

  #cancel(): string {
    const job = this.#job;
    this.#phase = "stopping";
    this.#forgetRetry();
    job.drain();
    setTimeout(() => job.abort(), DRAIN_MS).unref();
    return "Stopping when what is in flight has ended, in at most 10 s. The same command goes on later.";
  }

  #set({ concurrency, perOrigin, rate, perOriginRate }: LimitChanges): string {
    try {
      const limits = this.#job.limits({
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(perOrigin === undefined ? {} : { perOrigin }),
        ...(rate === undefined ? {} : { rate }),
        ...(perOriginRate === undefined ? {} : { perOriginRate }),
      });
      if (limits !== undefined) this.#parts.limitHosts(limits.perOrigin);
    } catch (error) {
      if (isInvalidOption(error)) throw new BadRequest(error.message);
      throw error;
    }
    return "The new limits are in force.";
  }

  get #state(): JobState {
    if (this.#phase === "ended") return this.#ended;
    return this.#phase === "open" ? "running" : this.#phase;
  }

  #controls(failed: number): readonly ControlAction[] {
    const state = this.#state;
    const mayRetry =
      this.#parts.mayRetry && failed > 0 && !this.#wantsRetry && state !== "stopping" && state !== "failed";
    return mayRetry ? [...CONTROLS[state], "retry-failed"] : CONTROLS[state];
  }

  get #limits(): JobLimits | null {
    const limits = this.#job.limits();
    if (limits === undefined) return null;
    const { concurrency, perOrigin, findsPerOrigin, rate, perOriginRate } = limits;
    return {
      most: this.#parts.most,
      concurrency,
      perOrigin,
      perOriginIsAuto: findsPerOrigin,
      // From flags and the page they come as text.
      rate: typeof rate === "string" ? rate : null,
      perOriginRate: typeof perOriginRate === "string" ? perOriginRate : null,
    };
  }

  #liveFigures(batch: BatchProgress, elapsedMs: number): LiveFigures {
    const { pending, running, waiting, waitingFor, rate, attempts, bytes, latency } = batch;
    return {
      ...{ pending, running, waiting, bytes, elapsedMs },
      waitingFor: Object.entries(waitingFor)
        .map(([why, count]) => ({ why: why as keyof typeof waitingFor, count }))
        .sort((a, b) => b.count - a.count),
      requestsPerSecond: rate.now,
      requests: attempts,
      latency: latency ?? null,
      origins: this.#originsNow(batch),
    };
  }

  #originsNow(batch: BatchProgress | undefined): Map<string, OriginNow> {
    return new Map(batch?.origins.map(origin => [origin.origin, nowOf(origin)]));
  }
}

function openRow({ item, state, attempts, ms, waitsFor }: OpenItem): OpenItemRow {
  const url = redactUrls(item.request.url);
  return { line: item.line, url, state, attempts, ms: Math.round(ms), waitsFor: waitsFor ?? null };
}

function nowOf({
  running,
  open,
  concurrency,
  perSecond,
  rate,
  waitsFor,
  waitMs,
  eta,
}: BatchProgress["origins"][number]): OriginNow {
  return {
    inFlight: running,
    limit: concurrency,
    queued: Math.max(0, open - running),
    perSecond,
    rateLimit: rate ?? null,
    waitsFor: waitsFor ?? null,
    waitMs: waitMs ?? null,
    etaMs: eta ?? null,
  };
}
