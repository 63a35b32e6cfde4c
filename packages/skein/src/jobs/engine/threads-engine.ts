import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ErrorLimit, errorLimit, LimitsInForce, TooManyErrors } from "../../entry/limits.ts";
import {
  type BatchLimitChanges,
  type BatchLimits,
  type BatchProgress,
  InvalidOption,
  type OpenTask,
} from "../../entry/node.ts";
import { linkModeOf } from "../found-items.ts";
import type { JobOptions, JobPaths } from "../job-options.ts";
import type { PendingItem } from "../source/pending-item.ts";
import type { Engine, EngineEvents } from "./engine.ts";
import type { JobThreads } from "./job-threads.ts";
import { mergedProgress } from "./merged-progress.ts";
import { SendingThread } from "./sending-thread.ts";
import { Shares } from "./shares.ts";
import type { ThreadGroup, ThreadReport, ThreadStart, ToThread } from "./thread-protocol.ts";
import { ThreadRouter } from "./thread-router.ts";

/** As a batch has in flight, where nothing is said. */
const DEFAULT_CONCURRENCY = 50;
/** Marked as about to be sent, and not ended: with "auto", and where limits keep more of them back than go out. */
const MOST_MARKED = 10_000;
const MARKED_WITH_AUTO = 1_024;

export interface ThreadsEngineEvents extends EngineEvents {
  /** Items that have ended in a thread. Resolves when the journal has them. */
  ended(items: readonly PendingItem[], group: ThreadGroup): Promise<void>;
  /** Of this run. */
  counts(): { readonly succeeded: number; readonly failed: number };
}

/** Sends the items of a job from several threads: each has a client and a batch of its own, and origins of its own. */
export class ThreadsEngine implements Engine {
  readonly #threads: JobThreads;
  readonly #options: JobOptions;
  readonly #paths: JobPaths;
  readonly #events: ThreadsEngineEvents;
  readonly #limits: LimitsInForce;
  /** Undefined where each thread finds out how many it may have in flight. */
  readonly #shares: Shares | undefined;
  readonly #errorLimit: ErrorLimit | undefined;
  readonly #reports: (ThreadReport | undefined)[] = [];
  #running: SendingThread[] = [];
  #stopReason: unknown;
  #isPaused = false;
  #isStopped = false;
  #marked = 0;
  #mostMarked: number;
  #markedRoom: (() => void) | undefined;

  constructor(threads: JobThreads, { options, paths }: ThreadedJob, events: ThreadsEngineEvents) {
    this.#threads = threads;
    this.#options = options;
    this.#paths = paths;
    this.#events = events;
    const { concurrency = DEFAULT_CONCURRENCY, perOrigin, perOriginRate, maxErrors } = options;
    const most = threads.maxConnections ?? Number.MAX_SAFE_INTEGER;
    this.#limits = new LimitsInForce(
      {
        concurrency,
        ...(perOrigin === undefined ? undefined : { perOrigin }),
        ...(perOriginRate === undefined ? undefined : { perOriginRate }),
      },
      { maxConnections: most, maxConnectionsPerOrigin: most, maxInFlightPerOrigin: most },
    );
    this.#shares = concurrency === "auto" ? undefined : new Shares(concurrency, threads.count);
    this.#mostMarked = concurrency === "auto" ? MARKED_WITH_AUTO : 2 * concurrency;
    this.#errorLimit = maxErrors === undefined ? undefined : errorLimit(maxErrors);
  }

  get progress(): BatchProgress | undefined {
    const told = this.#reports.flatMap(report => report?.progress ?? []);
    return this.#running.length === 0 ? undefined : mergedProgress(told);
  }

  get stopReason(): unknown {
    return this.#stopReason;
  }

  limits(changes?: BatchLimitChanges): BatchLimits | undefined {
    if (this.#running.length === 0) return undefined;
    if (changes !== undefined) this.#change(changes);
    return this.#limits.told;
  }

  /** As the threads last told them: they do so from when they were first asked, ten times a second. */
  openTasks(limit: number): readonly OpenTask<PendingItem>[] {
    this.#tellAll({ kind: "watch", limit });
    const tasks = this.#reports.flatMap((report, thread) =>
      (report?.open ?? []).flatMap(({ line, ...task }) => {
        const input = this.#running[thread]!.itemAt(line);
        return input === undefined ? [] : [{ ...task, input }];
      }),
    );
    return tasks.sort(inFlightFirst).slice(0, limit);
  }

  pause(): void {
    this.#isPaused = true;
    this.#tellAll({ kind: "pause" });
  }

  resume(): void {
    this.#isPaused = false;
    this.#tellAll({ kind: "resume" });
  }

  drain(): void {
    this.#stop({ kind: "drain" });
  }

  cancel(reason: unknown): void {
    this.#stopReason ??= reason;
    this.#stop({ kind: "cancel" });
  }

  async run(items: AsyncIterable<PendingItem>): Promise<void> {
    const { count } = this.#threads;
    this.#running = Array.from({ length: count }, (_, thread) => this.#start(thread));
    const ended = this.#running.map(thread => thread.ended);
    ended.forEach((end, thread) => {
      end.then(
        () => this.#hasEnded(thread),
        error => this.cancel(error),
      );
    });
    if (this.#isPaused) this.pause();
    // Not awaited: what is stopped does not wait for the next line of a list.
    void this.#giveOut(items);
    const ends = await Promise.allSettled(ended);
    const failed = ends.find(end => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #start(thread: number): SendingThread {
    const { module, data } = this.#threads;
    const start: ThreadStart = {
      module: moduleUrl(module),
      data,
      options: handedOver(this.#options),
      accepted: acceptedBy(this.#options.accept),
      paths: this.#paths,
      tellsFailures: this.#errorLimit !== undefined,
      links: linkModeOf(this.#options),
      share: this.#shares?.of(thread),
    };
    return new SendingThread(start, {
      group: (items, group) => this.#ended(items, group),
      maybeSent: item => this.#events.maybeSent(item),
      clientClosed: () => this.#events.clientClosed(),
      report: report => this.#reported(thread, report),
    });
  }

  // ── giving out ──

  /** The feed does not throw: what fails there is told by the job. */
  async #giveOut(items: AsyncIterable<PendingItem>): Promise<void> {
    const router = new ThreadRouter(this.#threads.count, this.#options.perDomain?.domainOf);
    for await (const item of items) {
      if (this.#isStopped) return;
      const thread = this.#running[router.threadOf(item.item.request.url)]!;
      thread.give(item);
      const room = thread.room() ?? this.#roomForMarked(item);
      if (room !== undefined) await room;
    }
    for (const thread of this.#running) thread.end();
  }

  /** Each that is marked and not sent when the process is killed ends as unknown: no more of them than are of use. */
  #roomForMarked({ isMarked }: PendingItem): Promise<void> | undefined {
    if (!isMarked) return undefined;
    this.#marked += 1;
    if (this.#marked < this.#mostMarked || this.#isStopped) return undefined;
    return new Promise(done => {
      this.#markedRoom = done;
    });
  }

  // ── what threads tell ──

  #ended(items: readonly PendingItem[], group: ThreadGroup): Promise<void> {
    const taken = this.#events.ended(items, group);
    for (const { isMarked } of items) if (isMarked) this.#marked -= 1;
    if (this.#marked < this.#mostMarked) this.#markedRoom?.();
    this.#checkErrors();
    return taken;
  }

  #checkErrors(): void {
    const counts = this.#events.counts();
    if (this.#isStopped || this.#errorLimit?.(counts) !== true) return;
    this.cancel(new TooManyErrors(this.#options.maxErrors!, counts, undefined));
  }

  #reported(thread: number, report: ThreadReport): void {
    this.#reports[thread] = report;
    const { progress, share, given } = report;
    if (this.#shares === undefined || share === undefined) return this.#allowMarked();
    const running = progress?.running ?? 0;
    const ready = (progress?.pending ?? 0) + given + this.#running[thread]!.queued;
    // Where it has items and does not use its share, something else keeps it from that.
    const usable = running >= share.places ? ready : Math.min(ready, 1 + Math.ceil(running / 4));
    this.#shares.heard(thread, { version: share.version, running, ready: usable });
    this.#divide();
    this.#allowMarked();
  }

  /** Its places are for the others. */
  #hasEnded(thread: number): void {
    this.#shares?.ended(thread);
    this.#divide();
  }

  #divide(): void {
    const shares = this.#shares;
    if (shares === undefined || this.#isStopped) return;
    for (const thread of shares.divide())
      this.#running[thread]!.tell({ kind: "share", share: shares.of(thread) });
  }

  /** Where places stay free though all that may be marked is: limits of origins keep those back. */
  #allowMarked(): void {
    const { concurrency } = this.#limits.settings;
    if (this.#markedRoom === undefined || this.#marked < this.#mostMarked) return;
    if (this.#mostMarked >= MOST_MARKED || (this.progress?.running ?? 0) >= concurrency) return;
    this.#mostMarked += Math.min(concurrency, MARKED_WITH_AUTO);
    this.#markedRoom();
  }

  // ── steering ──

  #change(changes: BatchLimitChanges): void {
    if (changes.rate !== undefined && changes.rate !== null) throw rateRefused();
    const { concurrency, perOrigin, perOriginRate } = changes;
    this.#limits.change(changes);
    if (this.#shares !== undefined && concurrency !== undefined) {
      this.#shares.total = concurrency;
      this.#divide();
    }
    this.#tellAll({
      kind: "limits",
      changes: {
        ...(perOrigin === undefined ? undefined : { perOrigin }),
        ...(perOriginRate === undefined ? undefined : { perOriginRate }),
      },
    });
  }

  #stop(message: ToThread): void {
    this.#isStopped = true;
    this.#tellAll(message);
    this.#markedRoom?.();
  }

  #tellAll(message: ToThread): void {
    for (const thread of this.#running) thread.tell(message);
  }
}

/** What of a job its threads are made of. */
export interface ThreadedJob {
  readonly options: JobOptions;
  readonly paths: JobPaths;
}

/** @throws InvalidOption for what can't be divided among threads */
export function checkThreads({ threads, rate, ordered, row, add, maxErrors }: JobOptions): void {
  if (threads === undefined) return;
  const { count, module } = threads;
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidOption(`threads.count: expected a whole number of at least 1; got ${String(count)}`);
  if (typeof module !== "string" && !(module instanceof URL))
    throw new InvalidOption(`threads.module: expected a path or a URL; got ${typeof module}`);
  if (rate !== undefined) throw rateRefused();
  if (ordered)
    throw new InvalidOption(
      "ordered: the rows of several threads come as they end; leave out threads, or ordered",
    );
  if (row !== undefined)
    throw new InvalidOption("row: a function can't be handed to threads; let threads.module give it");
  if (add !== undefined)
    throw new InvalidOption(
      "add: a function can't be handed to threads; let threads.module give it, and say so (threads.adds)",
    );
  if (maxErrors !== undefined) errorLimit(maxErrors);
}

/** In flight the longest; then what waits, the shortest time. */
function inFlightFirst(a: OpenTask<unknown>, b: OpenTask<unknown>): number {
  if (a.state !== b.state) return a.state === "running" ? -1 : 1;
  return a.state === "running" ? b.ms - a.ms : a.ms - b.ms;
}

function rateRefused(): InvalidOption {
  return new InvalidOption(
    "rate: one for all origins can't be divided among threads; use perOriginRate, or leave out threads",
  );
}

function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href;
  return /^[a-z]{2,}:/i.test(module)
    ? module
    : pathToFileURL(isAbsolute(module) ? module : resolve(module)).href;
}

function handedOver(options: JobOptions): ThreadStart["options"] {
  const { source, client, threads, accept, perDomain, row, signal, maxErrors, dedupe, concurrency, ...rest } =
    options;
  return concurrency === "auto" ? { ...rest, concurrency } : rest;
}

/** A function can't be handed over: the statuses for which it is true can. */
function acceptedBy(accept: JobOptions["accept"]): readonly number[] | undefined {
  if (accept === undefined) return undefined;
  return Array.from({ length: 500 }, (_, index) => 100 + index).filter(accept);
}
