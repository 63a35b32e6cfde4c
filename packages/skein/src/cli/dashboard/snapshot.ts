import { redactUrls } from "../../entry/redaction.ts";
import type { JobReport } from "../../jobs/inspect/recorded-job.ts";
import type { JournalFigures } from "../../jobs/journal/inspection/inspection-types.ts";
import type { ItemCounts, OriginNow, OriginRow, Snapshot } from "./protocol.ts";

const MOST_ORIGINS = 20;
const SLOWEST = 5;
const NOTHING_OPEN = { pending: 0, running: 0, waiting: 0 };

/** What a job tells that runs in this process; of another one only its journal is known. */
export interface LiveFigures {
  readonly pending: number;
  readonly running: number;
  readonly waiting: number;
  readonly waitingFor: Snapshot["waitingFor"];
  readonly requestsPerSecond: number;
  readonly requests: number;
  readonly bytes: number;
  readonly latency: Snapshot["latency"];
  /** The slowest first. */
  readonly origins: ReadonlyMap<string, OriginNow>;
  readonly elapsedMs: number;
}

export interface SnapshotParts extends Pick<Snapshot, "state" | "failure" | "controls" | "limits"> {
  readonly figures: JournalFigures;
  readonly live: LiveFigures | undefined;
  readonly total: number | null;
  readonly doneBefore: number;
  readonly accepts: (status: number) => boolean;
}

export function snapshotOf(parts: SnapshotParts): Snapshot {
  const { figures, live, state, failure, controls, limits, accepts } = parts;
  const counts = countsOf(parts);
  return {
    ...{ at: Date.now(), state, failure, controls, limits },
    elapsedMs: live?.elapsedMs ?? figures.runMs,
    counts,
    waitingFor: live?.waitingFor ?? [],
    requestsPerSecond: live?.requestsPerSecond ?? figures.recent.requests,
    bytesPerSecond: figures.recent.bytes,
    requests: live?.requests ?? figures.attempts,
    bytes: live?.bytes ?? figures.bytes,
    latency: live === undefined ? figures.latency : live.latency,
    etaMs: etaOf(parts, counts),
    ...originsOf(figures, live),
    statuses: figures.statuses.map(({ status, count }) => ({ status, count, accepted: accepts(status) })),
    errors: figures.errors.map(error => ({ ...error, message: redactUrls(error.message) })),
  };
}

function countsOf({ figures, live, total, doneBefore }: SnapshotParts): ItemCounts {
  const { succeeded, failed, unknown, rejected } = figures;
  const { pending, running, waiting } = live ?? NOTHING_OPEN;
  const done = succeeded + failed + unknown;
  return {
    ...{ done, succeeded, failed, unknown, rejected, pending, running, waiting, doneBefore },
    // What has ended since the total was told is not more than all.
    total: total === null ? null : Math.max(total, done),
  };
}

function etaOf({ figures, state }: SnapshotParts, { total, done }: ItemCounts): number | null {
  if (state !== "running" || total === null) return null;
  if (total <= done) return 0;
  return figures.recent.items === 0 ? null : Math.round(((total - done) * 1_000) / figures.recent.items);
}

function originsOf(
  figures: JournalFigures,
  live: LiveFigures | undefined,
): Pick<Snapshot, "origins" | "slowestOrigins" | "originCount"> {
  const now = live?.origins ?? new Map<string, OriginNow>();
  const known = new Map(figures.origins.map(origin => [origin.origin, origin]));
  const open = [...now.keys()].map(
    (origin): OriginRow => ({ ...NO_ANSWER, ...known.get(origin), origin, now: now.get(origin)! }),
  );
  const others = figures.origins
    .filter(({ origin }) => !now.has(origin))
    .map((origin): OriginRow => ({ ...origin, now: null }));
  const rows = [...open.toSorted((a, b) => b.now!.perSecond - a.now!.perSecond), ...others];
  const slowest = open.length > 0 ? open : figures.slowest.map(origin => ({ ...origin, now: null }));
  return {
    origins: rows.slice(0, MOST_ORIGINS),
    slowestOrigins: slowest.slice(0, SLOWEST),
    originCount: Math.max(figures.originCount, rows.length),
  };
}

const NO_ANSWER = { done: 0, failed: 0, p50: null, p95: null };

/** The journal has them as numbers and ranges: `200-299,404`. */
export function acceptsOf(ranges: string): (status: number) => boolean {
  const bounds = ranges.split(",").map(range => range.split("-").map(Number));
  return status => bounds.some(([from, to = from]) => status >= from! && status <= to!);
}

/** Values of secrets stand in the journal as hashes, and not even these are shown. */
export function shownHeaders(headers: JobReport["request"]["headers"]): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [
    name,
    value.startsWith("sha256:") ? "<redacted>" : redactUrls(value),
  ]);
}
