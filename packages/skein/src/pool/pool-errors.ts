import type { CoarseTime } from "../connection/connection.ts";
import { type Progress, totalTimeout } from "../connection/error-map.ts";
import type { Exchange } from "../connection/exchange.ts";
import { formatDuration } from "../core/duration.ts";
import { PoolFull, PoolTimeout } from "../core/errors.ts";
import type { TraceInfo } from "../core/trace.ts";
import type { OriginState } from "./pool-state.ts";

export function waitInfo({ origin, open, waiters }: OriginState): TraceInfo {
  return { origin: origin.key, open, waiting: waiters.size };
}

export const NOT_SENT = Object.freeze({
  phase: "queue",
  requestSent: "none",
  peer: undefined,
}) satisfies Progress;

export function poolFull(most: number, state: OriginState): PoolFull {
  const reason = `no connection is free, and ${most} calls wait already (limits.maxWaiting): ${state.open} open to this origin`;
  return new PoolFull("POOL_FULL", reason, NOT_SENT);
}

function poolTimeout(ms: number, state: OriginState): PoolTimeout {
  const reason = `no connection was free within ${formatDuration(ms)}: ${state.open} open, ${state.waiters.size} waiting`;
  return new PoolTimeout("POOL_TIMEOUT", reason, NOT_SENT);
}

/** Those who have waited too long at an origin, and with what error they end. */
export function lateOnes(state: OriginState, time: CoarseTime, now: number): [Exchange, Error][] {
  const late: [Exchange, Error][] = [];
  for (const exchange of state.waiters) {
    const { timeouts, deadline } = exchange.context;
    if (now > deadline) late.push([exchange, totalTimeout(timeouts.total, NOT_SENT)]);
    else if (time.since(exchange.enqueuedAt) > timeouts.pool)
      late.push([exchange, poolTimeout(timeouts.pool, state)]);
  }
  return late;
}
