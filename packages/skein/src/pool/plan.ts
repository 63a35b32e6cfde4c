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

/** An origin's claim to a place in a full pool. */
export interface Claim {
  /** Its connections. */
  readonly open: number;
  /** Since when the first in its line waits, on the coarse time; undefined when nobody does. */
  readonly waitingSince: number | undefined;
}

/** An origin with work keeps its connections for so long, though others wait: opening new ones costs more than it helps. */
const TURN_MS = 250;

/** Whether one that wait for a place has waited for as long as another may keep its own. */
export function hasWaitedATurn(waitingSince: number | undefined, now: number): boolean {
  return waitingSince !== undefined && now - waitingSince > TURN_MS;
}

/**
 * Whether an origin gives up a connection between two requests, in a full pool, for another that waits for a place: when
 * it has several and the other has none, and when the other has waited a turn longer than its own next request.
 */
export function yieldsTo(own: Claim, other: Claim): boolean {
  if (other.open === 0 && own.open > 1) return true;
  if (own.waitingSince === undefined || other.waitingSince === undefined) return false;
  return own.waitingSince - other.waitingSince > TURN_MS;
}
