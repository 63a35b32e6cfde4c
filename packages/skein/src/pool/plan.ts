import type { PoolLimits } from "./limits.ts";

/** What the pool knows when a request has no idle connection. */
export interface Occupancy {
  /** Connections to this origin, those being opened included. */
  readonly open: number;
  /** Those of them being opened. */
  readonly connecting: number;
  /** Requests waiting for a connection to this origin. */
  readonly waiting: number;
  /** Connections to all origins. */
  readonly total: number;
  /** Idle connections of all origins. */
  readonly idle: number;
}

/**
 * What to do for the requests that wait at an origin:
 * - `open` one more connection,
 * - `make-room`: close the connection that has idled longest (of another origin), then open,
 * - `wait` for one of this origin's own: enough are being opened, or its limit is reached,
 * - `queue-for-room`: the pool is full of busy connections; the origin is told when one can be spared.
 */
export type Plan = "open" | "make-room" | "wait" | "queue-for-room";

export function planConnection(
  state: Occupancy,
  limits: Pick<PoolLimits, "maxConnections" | "maxConnectionsPerOrigin">,
): Plan {
  if (state.waiting <= state.connecting) return "wait";
  if (state.open >= limits.maxConnectionsPerOrigin) return "wait";
  if (state.total < limits.maxConnections) return "open";
  return state.idle > 0 ? "make-room" : "queue-for-room";
}
