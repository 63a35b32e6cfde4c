import type { BatchEvent } from "../../batch/batch-events.ts";
import type {
  AddedTask,
  Batch,
  BatchLimitChanges,
  BatchLimits,
  BatchOrigin,
  BatchProgress,
  OpenTask,
} from "../../batch/batch-options.ts";
import type { FailedItem, RetriedItems } from "../../batch/failed-items.ts";
import type { TaskOf } from "../../batch/task.ts";

/** What is undefined is left out: a page waits for each byte. */
const NOTHING_YET: Omit<BatchProgress, "latency" | "eta" | "gate"> = {
  pulled: 0,
  inputEnded: false,
  pending: 0,
  running: 0,
  waiting: 0,
  waitingFor: {},
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  attempts: 0,
  bytes: 0,
  rate: { now: 0, minute: 0 },
  origins: [],
  errors: [],
};

/** A batch whose code is loaded first; what it is told until then, it does as soon as it is there. */
export class BatchOnDemand<I, V, F> implements Batch<I, V, F> {
  readonly #loading: Promise<Batch<I, V, F>>;
  #batch: Batch<I, V, F> | undefined;

  constructor(load: () => Promise<Batch<I, V, F>>) {
    this.#loading = load();
    // Whoever iterates is told what went wrong.
    this.#tell(batch => {
      this.#batch = batch;
    });
  }

  get stopped(): Batch<I, V>["stopped"] {
    return this.#batch?.stopped;
  }

  get progress(): BatchProgress {
    return this.#batch?.progress ?? (NOTHING_YET as BatchProgress);
  }

  pause(): void {
    this.#tell(batch => batch.pause());
  }

  resume(): void {
    this.#tell(batch => batch.resume());
  }

  drain(): void {
    this.#tell(batch => batch.drain());
  }

  cancel(reason?: unknown): void {
    this.#tell(batch => batch.cancel(reason));
  }

  limits(changes?: BatchLimitChanges): BatchLimits | undefined {
    this.#tell(batch => batch.limits(changes));
    return this.#batch?.limits();
  }

  origin(url: string | URL): BatchOrigin {
    return {
      pause: () => this.#tell(batch => batch.origin(url).pause()),
      resume: () => this.#tell(batch => batch.origin(url).resume()),
      cancel: reason => this.#tell(batch => batch.origin(url).cancel(reason)),
      limits: () => this.#batch?.origin(url).limits(),
    };
  }

  openTasks(limit?: number): readonly OpenTask<I>[] {
    return this.#batch?.openTasks(limit) ?? [];
  }

  add(item: I): AddedTask<I, V, F> {
    if (this.#batch) return this.#batch.add(item);
    const done = this.#loading.then(batch => batch.add(item).done);
    done.catch(() => undefined);
    return { input: item, done };
  }

  retryFailed(filter?: (item: FailedItem<I>) => boolean): RetriedItems {
    return this.#batch?.retryFailed(filter) ?? { retried: 0, forgotten: 0 };
  }

  async *events(options?: { buffer?: number }): AsyncGenerator<BatchEvent<I>, void, undefined> {
    yield* (await this.#loading).events(options);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TaskOf<I, V, F>, void, undefined> {
    yield* await this.#loading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#loading)[Symbol.asyncDispose]();
  }

  #tell(command: (batch: Batch<I, V, F>) => void): void {
    if (this.#batch) command(this.#batch);
    else this.#loading.then(command, () => undefined);
  }
}
