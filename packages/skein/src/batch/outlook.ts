import type { BatchProgress, OriginLimits, OriginProgress } from "./batch-options.ts";
import type { LaneLimits } from "./scheduler/lane.ts";
import type { OriginScheduler } from "./scheduler/origin-scheduler.ts";
import type { TaskRecord } from "./task-record.ts";

const SLOWEST = 10;

/**
 * How long a batch still takes: as long as all that is left takes at the present rate, or as its slowest origin does with what
 * is known to go there, if that is longer.
 */
export function outlook<I>(
  scheduler: OriginScheduler<TaskRecord<I>>,
  { now, left, tasksPerSecond }: { now: number; left: number | undefined; tasksPerSecond: number },
): Pick<BatchProgress, "eta" | "origins"> {
  const delayed = new Map<string, number>();
  for (const { origin } of scheduler.waiting()) delayed.set(origin, (delayed.get(origin) ?? 0) + 1);
  const origins: OriginProgress[] = [];
  for (const facts of scheduler.origins(now)) {
    const open = facts.ready + facts.running + (delayed.get(facts.origin) ?? 0);
    if (open > 0) origins.push(originProgress(facts, open, now));
  }
  origins.sort((a, b) => (b.eta ?? -1) - (a.eta ?? -1) || b.open - a.open);
  return { eta: etaOf(origins[0]?.eta, left, tasksPerSecond), origins: origins.slice(0, SLOWEST) };
}

function originProgress(
  { origin, running, perSecond, limits }: OriginFacts,
  open: number,
  now: number,
): OriginProgress {
  const told = limitsAt(limits, now);
  return { origin, open, running, perSecond, ...told, eta: originEta(told.waitMs, open, perSecond) };
}

/** Where none has ended yet, it takes at least as long as the origin is left alone. */
function originEta(waitMs: number | undefined, open: number, perSecond: number): number | undefined {
  if (perSecond === 0) return waitMs === undefined ? undefined : Math.round(waitMs);
  return Math.round((waitMs ?? 0) + (open * 1_000) / perSecond);
}

/** The limits of an origin as they are told. */
export function limitsAt({ concurrency, rate, held }: LaneLimits, now: number): OriginLimits {
  // Where the end of a probe is waited for, nobody knows.
  const waitMs = held && Number.isFinite(held.until) ? Math.max(0, held.until - now) : undefined;
  return { concurrency, rate, waitsFor: held?.why, waitMs };
}

type OriginFacts =
  ReturnType<OriginScheduler<TaskRecord<unknown>>["origins"]> extends Iterable<infer F> ? F : never;

function etaOf(
  slowest: number | undefined,
  left: number | undefined,
  tasksPerSecond: number,
): number | undefined {
  if (left === undefined) return undefined;
  if (left === 0) return 0;
  if (tasksPerSecond === 0) return undefined;
  return Math.max(Math.round((left * 1_000) / tasksPerSecond), slowest ?? 0);
}
