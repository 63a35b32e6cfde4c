import type { BatchProgress, WaitReason } from "../../entry/node.ts";

/** As many as one batch tells. */
const MOST_TOLD = 10;

/** What several batches tell, as if they were one. Percentiles are the mean of theirs, each weighted by its attempts. */
export function mergedProgress(parts: readonly BatchProgress[]): BatchProgress {
  const sum = (read: (part: BatchProgress) => number) => parts.reduce((total, part) => total + read(part), 0);
  return {
    pulled: sum(part => part.pulled),
    inputEnded: parts.every(part => part.inputEnded),
    pending: sum(part => part.pending),
    running: sum(part => part.running),
    waiting: sum(part => part.waiting),
    waitingFor: waitingFor(parts),
    succeeded: sum(part => part.succeeded),
    failed: sum(part => part.failed),
    cancelled: sum(part => part.cancelled),
    attempts: sum(part => part.attempts),
    bytes: sum(part => part.bytes),
    rate: { now: sum(part => part.rate.now), minute: sum(part => part.rate.minute) },
    latency: latency(parts),
    // Of what is still to come none of them knows.
    eta: undefined,
    origins: parts
      .flatMap(part => part.origins)
      .sort((a, b) => (b.eta ?? 0) - (a.eta ?? 0))
      .slice(0, MOST_TOLD),
    gate: parts.find(part => part.gate !== undefined)?.gate,
    errors: errors(parts),
  };
}

function waitingFor(parts: readonly BatchProgress[]): BatchProgress["waitingFor"] {
  const counts: Partial<Record<WaitReason, number>> = {};
  for (const part of parts)
    for (const [why, count] of Object.entries(part.waitingFor) as [WaitReason, number][])
      counts[why] = (counts[why] ?? 0) + count;
  return counts;
}

function latency(parts: readonly BatchProgress[]): BatchProgress["latency"] {
  const told = parts.filter(part => part.latency !== undefined);
  const weight = told.reduce((total, { attempts }) => total + attempts, 0);
  if (weight === 0) return undefined;
  const mean = (name: "p50" | "p95" | "p99") =>
    told.reduce((total, part) => total + part.latency![name] * part.attempts, 0) / weight;
  return { p50: mean("p50"), p95: mean("p95"), p99: mean("p99") };
}

function errors(parts: readonly BatchProgress[]): BatchProgress["errors"] {
  const counts = new Map<string, number>();
  for (const { error, count } of parts.flatMap(part => part.errors))
    counts.set(error, (counts.get(error) ?? 0) + count);
  return [...counts]
    .map(([error, count]) => ({ error, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_TOLD);
}
