/**
 * How long to wait before the next try: full jitter, U(0, min(30 s, base · 2^n)). Without jitter, callers that failed
 * together come back together; a fixed part (equal jitter) only brings them back later, still together.
 */

const LONGEST_MS = 30_000;
const BASE_MS = 200;
/** A server that says "too many" (429) or "overloaded" (503) is given more room. */
const THROTTLED_BASE_MS = 1_000;

export interface BackoffFacts {
  /** How many tries have failed, from 1. */
  readonly failures: number;
  /** Whether the server said that it has too much to do: 429 or 503. */
  readonly throttled: boolean;
  /** What the server asked for, in milliseconds; it is never shortened. */
  readonly retryAfterMs: number | undefined;
  /** A number in [0, 1). */
  readonly random: number;
}

export interface Backoff {
  readonly delayMs: number;
  /** Whose wish the delay is: our jitter's, or the server's Retry-After. */
  readonly why: "backoff" | "retry-after";
}

/** The wait after a failure: the jitter, or Retry-After where that is longer. */
export function backoff({ failures, throttled, retryAfterMs = 0, random }: BackoffFacts): Backoff {
  const base = throttled ? THROTTLED_BASE_MS : BASE_MS;
  const jitter = random * Math.min(LONGEST_MS, base * 2 ** (failures - 1));
  return retryAfterMs > jitter
    ? { delayMs: retryAfterMs, why: "retry-after" }
    : { delayMs: jitter, why: "backoff" };
}
