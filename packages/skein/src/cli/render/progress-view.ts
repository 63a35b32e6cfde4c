import type { HeldOrigin } from "./held-back.ts";

/** How often a way to fail has occurred. */
export interface ErrorCount {
  /** `HTTP 404`, `connection reset`. */
  readonly what: string;
  readonly count: number;
}

/** What a moment of a job looks like: all that the renderers of progress know. */
export interface ProgressView {
  /** Items that have ended, those of earlier runs included. */
  readonly done: number;
  /** All items; undefined while the list is still being read. */
  readonly total: number | undefined;
  readonly succeeded: number;
  readonly failed: number;
  /** Lines of the list that are no request. */
  readonly rejected: number;
  /** Items that hold no connection: for a retry's backoff, a Retry-After, a cool-down. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Milliseconds that an answer takes; undefined before the first. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  /** Milliseconds that the rest will take; undefined when that can't be told. */
  readonly eta: number | undefined;
  readonly elapsed: number;
  /** The most frequent first. */
  readonly topErrors: readonly ErrorCount[];
  /** Origins that are sent nothing now, the longest first. */
  readonly held: readonly HeldOrigin[];
  /** Whether nothing new is started, because the user asked to stop. */
  readonly draining: boolean;
}
