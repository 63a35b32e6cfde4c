import { Histogram } from "../entry/figures.ts";
import type { BatchProgress } from "../entry/node.ts";
import { latencyBlob, type TimelineSample } from "./journal/timeline-sample.ts";

const STRETCH_MS = 1_000;

/** What the timeline reads of its job at the end of each stretch. */
export interface TimelineFacts {
  /** Undefined until something is sent. */
  readonly progress: BatchProgress | undefined;
  readonly succeeded: number;
  readonly failed: number;
  readonly concurrency: number | null;
}

/** Writes down what a job does, once a second while it runs. */
export class Timeline {
  readonly #read: () => TimelineFacts;
  readonly #write: (sample: TimelineSample) => void;
  readonly #run = Date.now();
  readonly #began = performance.now();
  #latency = new Histogram();
  #last: Pick<TimelineSample, "at" | "requests" | "bytes" | "succeeded" | "failed">;
  #timer: NodeJS.Timeout;

  constructor(read: () => TimelineFacts, write: (sample: TimelineSample) => void) {
    this.#read = read;
    this.#write = write;
    const { succeeded, failed } = read();
    this.#last = { at: this.#run, requests: 0, bytes: 0, succeeded, failed };
    this.#timer = setInterval(() => this.#sample(), STRETCH_MS).unref();
  }

  /** An attempt has ended after so many milliseconds. */
  attempted(ms: number): void {
    this.#latency.record(ms);
  }

  /** Writes what there is since the last stretch. */
  end(): void {
    clearInterval(this.#timer);
    this.#sample();
  }

  #sample(): void {
    const { progress, succeeded, failed, concurrency } = this.#read();
    if (progress === undefined) return;
    const { attempts: requests, bytes, running, waiting, origins } = progress;
    const last = this.#last;
    // The wall clock may be set back; the stretches of a run follow one another.
    const now = this.#run + Math.round(performance.now() - this.#began);
    this.#write({
      run: this.#run,
      at: last.at,
      ms: now - last.at,
      requests: requests - last.requests,
      bytes: bytes - last.bytes,
      succeeded: succeeded - last.succeeded,
      failed: failed - last.failed,
      ...{ running, waiting, concurrency },
      latency: latencyBlob(this.#latency),
      origins: origins.map(of => ({ origin: of.origin, running: of.running, concurrency: of.concurrency })),
    });
    this.#last = { at: now, requests, bytes, succeeded, failed };
    this.#latency = new Histogram();
  }
}
