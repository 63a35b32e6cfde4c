import type {
  Batch,
  BatchLimitChanges,
  BatchLimits,
  BatchOptions,
  BatchProgress,
  BatchRequest,
  OpenTask,
  Response,
  SettledTask,
} from "../../entry/node.ts";
import { itemRequest } from "../item-request.ts";
import type { JobClient, JobOptions } from "../job-options.ts";
import type { PendingItem } from "../source/pending-item.ts";
import type { Engine, EngineEvents } from "./engine.ts";

export interface LocalEngineEvents extends EngineEvents {
  /** It succeeded or failed. */
  settled(item: PendingItem, task: SettledTask<PendingItem, Response>): void;
  /** Undefined when more may settle, else what to wait for. */
  room(): Promise<void> | undefined;
}

/** What an engine reads of the options of its job. */
export type EngineOptions = Omit<JobOptions, "source" | "client">;

/** Sends the items of a job in this thread, as one batch. */
export class LocalEngine implements Engine {
  readonly #client: JobClient;
  readonly #options: EngineOptions;
  readonly #events: LocalEngineEvents;
  #batch: Batch<PendingItem, Response> | undefined;
  #isPaused = false;

  constructor(client: JobClient, options: EngineOptions, events: LocalEngineEvents) {
    this.#client = client;
    this.#options = options;
    this.#events = events;
  }

  get progress(): BatchProgress | undefined {
    return this.#batch?.progress;
  }

  get stopReason(): unknown {
    return this.#batch?.stopped?.reason;
  }

  limits(changes?: BatchLimitChanges): BatchLimits | undefined {
    return this.#batch?.limits(changes);
  }

  openTasks(limit: number): readonly OpenTask<PendingItem>[] {
    return this.#batch?.openTasks(limit) ?? [];
  }

  pause(): void {
    this.#isPaused = true;
    this.#batch?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#batch?.resume();
  }

  drain(): void {
    this.#batch?.drain();
  }

  cancel(reason: unknown): void {
    this.#batch?.cancel(reason);
  }

  async run(items: AsyncIterable<PendingItem>): Promise<void> {
    const batch = this.#client.batch(items, batchOptionsOf(this.#options));
    this.#batch = batch;
    if (this.#isPaused) batch.pause();
    for await (const task of batch) {
      this.#settle(task);
      const room = this.#events.room();
      if (room !== undefined) await room;
    }
  }

  #settle(task: SettledTask<PendingItem, Response>): void {
    const events = this.#events;
    // That says nothing of the item: it stays pending, like all that would fail the same way after it.
    if (task.error?.code === "CLIENT_CLOSED") events.clientClosed();
    else if (task.state !== "cancelled") events.settled(task.input, task);
    else if (mayHaveBeenSent(task)) events.maybeSent(task.input);
  }
}

function batchOptionsOf(options: EngineOptions): BatchOptions<PendingItem, Response, string | BatchRequest> {
  const { concurrency, perOrigin, rate, perOriginRate, attempts, timeout, maxResponseBytes, accept } =
    options;
  const { perDomain, retryOn, retryMaxTime, maxErrors, ordered } = options;
  return {
    request: ({ item }) => itemRequest(item.request, options),
    ...(perDomain === undefined ? undefined : { perDomain }),
    ...(retryOn === undefined ? undefined : { retryOn }),
    ...(retryMaxTime === undefined ? undefined : { retryMaxTime }),
    ...(maxErrors === undefined ? undefined : { maxErrors }),
    ...(ordered === undefined ? undefined : { ordered }),
    ...(concurrency === undefined ? undefined : { concurrency }),
    ...(perOrigin === undefined ? undefined : { perOrigin }),
    ...(rate === undefined ? undefined : { rate }),
    ...(perOriginRate === undefined ? undefined : { perOriginRate }),
    ...(attempts === undefined ? undefined : { attempts }),
    ...(timeout === undefined ? undefined : { timeout }),
    ...(maxResponseBytes === undefined ? undefined : { maxResponseBytes }),
    ...(accept === undefined ? undefined : { accept }),
  };
}

/** Whether a server may have seen the request of a cancelled task. */
function mayHaveBeenSent({ attempts, error }: SettledTask<unknown, unknown>): boolean {
  return attempts.length > 0 && error?.requestSent !== "none";
}
