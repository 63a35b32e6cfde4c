/** A timer that was set; `cancel()` is safe to call twice and after it fired. */
export interface Timer {
  cancel(): void;
  /** Whether the process stays alive for this timer; it does from the start. */
  ref(): void;
  unref(): void;
}

/**
 * The only source of time for connections, pool, layers, policies and batches: the same code runs on the real
 * clock, on a fake one in tests, and in simulation.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; durations and deadlines are measured with it. */
  now(): number;
  /** Milliseconds since the Unix epoch; for what people and servers read, never for durations. */
  wallNow(): number;
  /** Calls `run` once, `delayMs` from now; with 0, as soon as what has arrived by now was read. */
  setTimer(run: () => void, delayMs: number): Timer;
  /** A number in [0, 1): jitter comes from here, so that a seeded clock makes a run repeatable. */
  random(): number;
}
