import type { JobProgress } from "../../entry/jobs.ts";
import { countErrors } from "./error-counts.ts";
import type { HeldOrigin } from "./held-back.ts";
import type { ProgressView } from "./progress-view.ts";

/** "Now" is this long: shorter flickers, longer hides that a server has stopped answering. */
const RATE_WINDOW = 5_000;
/** The rest is reckoned from the speed of this long. */
const ETA_WINDOW = 20_000;

type Sample = Pick<JobProgress, "elapsedMs" | "requests" | "bytes" | "done">;

/** What a meter is told about its job, and can't read from its progress. */
export interface MeterFacts {
  readonly accepts: (status: number) => boolean;
  readonly topErrors: number;
}

/** Makes views of a job from its snapshots: the speeds of the last seconds, and the time that the rest will take. */
export class Meter {
  readonly #facts: MeterFacts;
  /** Oldest first, none older than ETA_WINDOW. */
  #samples: Sample[] = [];
  draining = false;

  constructor(facts: MeterFacts) {
    this.#facts = facts;
  }

  /** @param held origins that are left alone at this moment */
  read(progress: JobProgress, held: readonly HeldOrigin[] = []): ProgressView {
    this.#remember(progress);
    const total = progress.total === undefined ? undefined : Math.max(progress.total, progress.done);
    return {
      done: progress.done,
      total,
      succeeded: progress.succeeded,
      failed: progress.failed + progress.unknown,
      rejected: progress.rejected,
      waiting: progress.waiting,
      inFlight: progress.running,
      requestsPerSecond: this.#perSecond("requests", RATE_WINDOW),
      bytesPerSecond: this.#perSecond("bytes", RATE_WINDOW),
      p50: progress.latency?.p50,
      p95: progress.latency?.p95,
      eta: total === undefined ? undefined : this.#eta(total - progress.done, held),
      elapsed: progress.elapsedMs,
      topErrors: countErrors(progress, this.#facts.accepts).slice(0, this.#facts.topErrors),
      held,
      draining: this.draining,
    };
  }

  #remember({ elapsedMs, requests, bytes, done, doneBefore }: JobProgress): void {
    if (this.#samples.length === 0)
      this.#samples = [{ elapsedMs: 0, requests: 0, bytes: 0, done: doneBefore }];
    this.#samples.push({ elapsedMs, requests, bytes, done });
    const firstUseful = this.#samples.findIndex(sample => sample.elapsedMs >= elapsedMs - ETA_WINDOW);
    this.#samples = this.#samples.slice(firstUseful);
  }

  #perSecond(what: "requests" | "bytes" | "done", window: number): number {
    const now = this.#samples.at(-1);
    if (now === undefined) return 0;
    const inWindow = this.#samples.find(sample => sample.elapsedMs >= now.elapsedMs - window);
    // Who looks as seldom as that, or a moment less often, has none in it but the present one.
    const then = inWindow === now ? this.#samples.at(-2) : inWindow;
    if (then === undefined) return 0;
    return ((now[what] - then[what]) * 1_000) / Math.max(1, now.elapsedMs - then.elapsedMs);
  }

  /** At least as long as somebody is left alone. */
  #eta(remaining: number, held: readonly HeldOrigin[]): number | undefined {
    const perSecond = this.#perSecond("done", ETA_WINDOW);
    if (remaining === 0) return 0;
    const waits = held.flatMap(({ waitMs }) => waitMs ?? []);
    const times = perSecond === 0 ? waits : [(remaining / perSecond) * 1_000, ...waits];
    return times.length === 0 ? undefined : Math.max(...times);
  }
}
