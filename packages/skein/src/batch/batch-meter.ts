import { HTTPStatusError, type SkeinError } from "../core/errors.ts";
import { Histogram } from "../policy/histogram.ts";
import type { ErrorCount, LatencyPercentiles, RequestRate } from "./batch-options.ts";

/** Counts are kept for this many seconds, one each. */
const SECONDS = 60;
const RECENT_SECONDS = 5;
const TOP_ERRORS = 10;

/** What is measured of a batch: how many attempts, how fast, how long they take, what fails. */
export class BatchMeter {
  attempts = 0;
  bytes = 0;
  readonly #latency = new Histogram();
  /** Attempts that ended in each of the last seconds; the present one is at `#second % SECONDS`. */
  readonly #perSecond = new Float64Array(SECONDS);
  #second = Number.NEGATIVE_INFINITY;
  #startedAt = 0;
  readonly #errors = new Map<string, number>();

  attemptEnded(now: number, ms: number): void {
    if (this.attempts === 0) this.#startedAt = now - ms;
    this.attempts += 1;
    this.#latency.record(ms);
    this.#goTo(now);
    this.#perSecond[this.#second % SECONDS]! += 1;
  }

  failed(error: SkeinError): void {
    const name = error instanceof HTTPStatusError ? `${error.code} ${error.status}` : error.code;
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1);
  }

  /** Over the last minute. */
  tasksPerSecond(now: number, { succeeded, failed }: { succeeded: number; failed: number }): number {
    return this.attempts === 0 ? 0 : (this.#rate(now).minute * (succeeded + failed)) / this.attempts;
  }

  facts(now: number) {
    return {
      attempts: this.attempts,
      bytes: this.bytes,
      rate: this.#rate(now),
      latency: this.#percentiles(),
      errors: this.#topErrors(),
    };
  }

  #rate(now: number): RequestRate {
    if (this.attempts === 0) return { now: 0, minute: 0 };
    this.#goTo(now);
    return { now: this.#perSecondOver(RECENT_SECONDS, now), minute: this.#perSecondOver(SECONDS, now) };
  }

  /** The present second counts for as much of it as has passed. */
  #perSecondOver(seconds: number, now: number): number {
    let count = 0;
    for (let back = 0; back < seconds; back++)
      count += this.#perSecond[(this.#second - back + SECONDS) % SECONDS]!;
    const from = Math.max(this.#startedAt, (this.#second - seconds + 1) * 1_000);
    return count === 0 ? 0 : (count * 1_000) / Math.max(1, now - from);
  }

  #percentiles(): LatencyPercentiles | undefined {
    if (this.#latency.count === 0) return undefined;
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map(share => this.#latency.percentile(share));
    return { p50: p50!, p95: p95!, p99: p99! };
  }

  #topErrors(): ErrorCount[] {
    const counts = [...this.#errors].map(([error, count]) => ({ error, count }));
    return counts.sort((a, b) => b.count - a.count).slice(0, TOP_ERRORS);
  }

  /** Empties the seconds between the last one and this. */
  #goTo(now: number): void {
    const second = Math.floor(now / 1_000);
    if (second === this.#second) return;
    const passed = Math.min(SECONDS, second - this.#second);
    for (let ahead = 0; ahead < passed; ahead++) this.#perSecond[(second - ahead) % SECONDS] = 0;
    this.#second = second;
  }
}
