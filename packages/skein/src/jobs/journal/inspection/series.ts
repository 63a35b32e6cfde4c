import type { DatabaseSync } from "node:sqlite";
import { Histogram } from "../../../entry/figures.ts";
import { ItemState } from "../journal-protocol.ts";
import { addLatency } from "../timeline-sample.ts";
import type { JobSeries, SeriesRequest } from "./inspection-types.ts";

/** Steps that people read well, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

/** What happened in one step of time. */
class Bucket {
  /** How much of it is known. */
  ms = 0;
  requests = 0;
  bytes = 0;
  succeeded = 0;
  failed = 0;
  inFlight: number | null = null;
  limit: number | null = null;
  waiting: number | null = null;
  readonly latency = new Histogram();

  see(running: number, limit: number | null, waiting: number | null): void {
    this.inFlight = Math.max(this.inFlight ?? 0, running);
    if (limit !== null) this.limit = Math.max(this.limit ?? 0, limit);
    if (waiting !== null) this.waiting = Math.max(this.waiting ?? 0, waiting);
  }
}

interface Span {
  readonly from: number;
  readonly bucketMs: number;
  readonly buckets: Bucket[];
}

/** The course of the job, or of what went to one origin. */
export function jobSeries(database: DatabaseSync, request: SeriesRequest): JobSeries {
  const span = spanOf(database, request);
  if (request.origin === undefined) addTimeline(database, span);
  else addOrigin(database, span, request.origin);
  return columnsOf(span, request.origin ?? null);
}

function spanOf(database: DatabaseSync, { from, to, points }: SeriesRequest): Span {
  const known = database.prepare("SELECT min(at) AS first, max(at + ms) - 1 AS last FROM timeline").get();
  const first = from ?? Number(known?.first ?? 0);
  const last = Math.max(first, to ?? Number(known?.last ?? 0));
  if (known?.first === null || known === undefined) return { from: first, bucketMs: 1_000, buckets: [] };
  // One more than the division gives, since the first bucket begins before `first`.
  const wanted = (last - first) / Math.max(1, points - 1) / 1_000;
  const step = STEPS.find(seconds => seconds >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
  const bucketMs = step * 1_000;
  const start = Math.floor(first / bucketMs) * bucketMs;
  const count = Math.min(points, Math.floor((last - start) / bucketMs) + 1);
  return { from: start, bucketMs, buckets: Array.from({ length: count }, () => new Bucket()) };
}

function endOf({ from, bucketMs, buckets }: Span): number {
  return from + buckets.length * bucketMs - 1;
}

function bucketAt({ from, bucketMs, buckets }: Span, at: number): Bucket | undefined {
  return buckets[Math.floor((at - from) / bucketMs)];
}

function addTimeline(database: DatabaseSync, span: Span): void {
  const rows = database.prepare("SELECT * FROM timeline WHERE at BETWEEN ? AND ? ORDER BY at");
  for (const row of rows.iterate(span.from, endOf(span)) as Iterable<unknown> as Iterable<
    Record<string, number> & { readonly latency: Uint8Array }
  >) {
    const bucket = bucketAt(span, row.at!);
    if (bucket === undefined) continue;
    bucket.ms += row.ms!;
    bucket.requests += row.requests!;
    bucket.bytes += row.bytes!;
    bucket.succeeded += row.succeeded!;
    bucket.failed += row.failed!;
    bucket.see(row.running!, row.concurrency ?? null, row.waiting!);
    addLatency(bucket.latency, row.latency);
  }
}

function addOrigin(database: DatabaseSync, span: Span, origin: string): void {
  const id = database.prepare("SELECT id FROM origins WHERE origin = ?").get(origin)?.id;
  if (typeof id !== "number") return;
  const runs = database.prepare("SELECT at, ms FROM timeline WHERE at BETWEEN ? AND ?");
  for (const { at, ms } of runs.iterate(span.from, endOf(span))) {
    const bucket = bucketAt(span, Number(at));
    if (bucket !== undefined) bucket.ms += Number(ms);
  }
  addResults(database, span, id);
  const samples = database.prepare("SELECT * FROM origin_timeline WHERE origin = ? AND at BETWEEN ? AND ?");
  for (const { at, running, concurrency } of samples.iterate(id, span.from, endOf(span)))
    bucketAt(span, Number(at))?.see(Number(running), Number(concurrency), null);
}

function addResults(database: DatabaseSync, span: Span, origin: number): void {
  const rows = database.prepare(
    "SELECT ended_at, state, bytes, served_us FROM results WHERE origin = ? AND ended_at BETWEEN ? AND ?",
  );
  for (const { ended_at, state, bytes, served_us } of rows.iterate(origin, span.from, endOf(span))) {
    const bucket = bucketAt(span, Number(ended_at));
    if (bucket === undefined || state === ItemState.rejected) continue;
    bucket.requests += 1;
    bucket.bytes += Number(bytes ?? 0);
    if (state === ItemState.succeeded) bucket.succeeded += 1;
    else bucket.failed += 1;
    if (served_us !== null) bucket.latency.record(Number(served_us) / 1_000);
  }
}

function columnsOf({ from, bucketMs, buckets }: Span, origin: string | null): JobSeries {
  const perSecond = (what: "requests" | "bytes" | "succeeded" | "failed") =>
    buckets.map(bucket => (bucket.ms === 0 ? null : (bucket[what] * 1_000) / bucket.ms));
  const percentile = (share: number) =>
    buckets.map(({ latency }) => (latency.count === 0 ? null : latency.percentile(share)));
  return {
    origin,
    bucketMs,
    at: buckets.map((_, index) => from + index * bucketMs),
    requestsPerSecond: perSecond("requests"),
    bytesPerSecond: perSecond("bytes"),
    succeededPerSecond: perSecond("succeeded"),
    failedPerSecond: perSecond("failed"),
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    inFlight: buckets.map(bucket => bucket.inFlight),
    limit: buckets.map(bucket => bucket.limit),
    waiting: buckets.map(bucket => bucket.waiting),
  };
}
