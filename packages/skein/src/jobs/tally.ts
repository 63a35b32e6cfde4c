import type { SettledTask } from "../entry/node.ts";
import type { ErrorTally, JobCounts, JobProgress } from "./job-options.ts";
import { ItemState, type OpenedJournal } from "./journal/journal-protocol.ts";

const RECENT = 1_000;

/** What is counted of a task that succeeded or failed. */
export interface EndedTask {
  readonly hasSucceeded: boolean;
  /** 0 where there was no answer. */
  readonly status: number;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Milliseconds in attempts. */
  readonly served: number;
}

/** How the items of a job ended, counted as they end; what earlier runs had counted comes from the journal. */
export class Tally {
  succeeded = 0;
  failed = 0;
  unknown = 0;
  rejected = 0;
  unchanged = 0;
  readonly doneBefore: number;
  readonly #byStatus = new Map<number, number>();
  readonly #byError = new Map<string, { count: number; sample: string }>();
  readonly #recent = new Float64Array(RECENT);
  #timed = 0;

  constructor({ counts, errorSamples }: Pick<OpenedJournal, "counts" | "errorSamples">) {
    const samples = new Map(errorSamples);
    for (const { state, status, error, count, keeps } of counts) {
      this.#addState(state, count);
      if (keeps === true && state === ItemState.succeeded) this.unchanged += count;
      if (status !== null) this.#addStatus(status, count);
      if (error !== null) this.#addError({ code: error, message: samples.get(error) ?? "" }, count);
    }
    this.doneBefore = this.done;
  }

  get done(): number {
    return this.succeeded + this.failed + this.unknown;
  }

  /** Counts a task. True when its error is the first of its code. */
  add({ state, response, error, timings }: SettledTask<unknown, unknown>): boolean {
    return this.addEnded({
      hasSucceeded: state === "succeeded",
      status: response?.status ?? 0,
      error,
      served: timings.served,
    });
  }

  /** As `add`, of a task that another thread had. */
  addEnded({ hasSucceeded, status, error, served }: EndedTask): boolean {
    if (hasSucceeded) this.succeeded++;
    else this.failed++;
    if (status !== 0) this.#addStatus(status, 1);
    this.#recent[this.#timed++ % RECENT] = served;
    return error !== undefined && this.#addError(error, 1);
  }

  /** As `add`, for an item that an earlier run left on its way. */
  addUnknown(error: { readonly code: string; readonly message: string }): boolean {
    this.unknown++;
    return this.#addError(error, 1);
  }

  /** Of a refresh: an item that is not asked for again, as it ended then. */
  addKept(state: number, status: number): void {
    this.#addState(state, 1);
    if (state === ItemState.succeeded) this.unchanged += 1;
    if (status !== 0) this.#addStatus(status, 1);
  }

  get counts(): JobCounts {
    const { done, succeeded, failed, unknown, rejected, unchanged } = this;
    const byError: ReadonlyMap<string, ErrorTally> = new Map(
      [...this.#byError].map(([code, tally]) => [code, { ...tally }]),
    );
    return {
      ...{ done, succeeded, failed, unknown, rejected, unchanged },
      ...{ byStatus: new Map(this.#byStatus), byError },
    };
  }

  get latency(): JobProgress["latency"] {
    const count = Math.min(this.#timed, RECENT);
    if (count === 0) return undefined;
    const sorted = this.#recent.slice(0, count).sort();
    return { p50: sorted[Math.floor(count * 0.5)]!, p95: sorted[Math.floor(count * 0.95)]! };
  }

  #addState(state: number, count: number): void {
    if (state === ItemState.succeeded) this.succeeded += count;
    else if (state === ItemState.failed) this.failed += count;
    else if (state === ItemState.unknown) this.unknown += count;
    else if (state === ItemState.rejected) this.rejected += count;
  }

  #addStatus(status: number, count: number): void {
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + count);
  }

  #addError({ code, message }: { readonly code: string; readonly message: string }, count: number): boolean {
    const tally = this.#byError.get(code);
    if (tally === undefined) this.#byError.set(code, { count, sample: message });
    else tally.count += count;
    return tally === undefined;
  }
}
