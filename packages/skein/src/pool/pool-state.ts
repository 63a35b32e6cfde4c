import type { Connection, MultiplexedConnection } from "../connection/connection.ts";
import type { Exchange } from "../connection/exchange.ts";
import { Fifo } from "../core/fifo.ts";
import type { Origin } from "../core/url.ts";
import { hasWaitedATurn } from "./plan.ts";

/** What the pool holds for one origin. Counts are kept, not counted: giving out a connection is O(1). */
export class OriginState {
  readonly origin: Origin;
  /** Connections, whatever their state. */
  open = 0;
  connecting = 0;
  /** Idle connections; the one used last is taken first, so that the others can expire. */
  readonly idle: Connection[] = [];
  readonly waiters = new WaitingLine();
  /** Connections of HTTP/2; nearly always one. */
  readonly multiplexed: MultiplexedConnection[] = [];
  /** Whether the next connection may turn out to carry many requests: then those who wait, wait for it together. */
  mayMultiplex: boolean;

  constructor(origin: Origin, mayMultiplex: boolean) {
    this.origin = origin;
    this.mayMultiplex = mayMultiplex;
  }

  /** Requests under way over HTTP/2. */
  get inFlight(): number {
    return this.multiplexed.reduce((sum, connection) => sum + connection.inFlight, 0);
  }

  /**
   * A connection that carries one more request, where it would not be one too many; those that are worn out take no more
   * from here on.
   */
  takeShared(
    mostInFlight: number,
    isWornOut: (connection: MultiplexedConnection) => boolean,
  ): MultiplexedConnection | undefined {
    for (const connection of [...this.multiplexed]) if (isWornOut(connection)) connection.retire();
    if (this.inFlight >= mostInFlight) return undefined;
    return this.multiplexed.find(({ free }) => free > 0);
  }

  forgetIdle(connection: Connection): void {
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
  }

  forgetShared(connection: Connection): void {
    const shared: readonly Connection[] = this.multiplexed;
    const at = shared.indexOf(connection);
    if (at >= 0) this.multiplexed.splice(at, 1);
  }

  get waitingSince(): number | undefined {
    return this.waiters.first?.enqueuedAt;
  }

  /** The first in the line on whose behalf no connection is being opened. */
  nextWithoutOpening(): Exchange {
    for (const exchange of this.waiters) if (!exchange.opening) return exchange;
    throw new Error("invariant: more connections are being opened than requests wait");
  }
}

/** How many wait without a connection being opened on their behalf. */
export function strandedAt(origins: Iterable<OriginState>): number {
  let stranded = 0;
  for (const { waiters, connecting } of origins) stranded += Math.max(0, waiters.size - connecting);
  return stranded;
}

/** The first of those that wait for a place in a full pool, but for `own`; who waits no more is let go of. */
export function firstOther(wanting: Set<OriginState>, own: OriginState): OriginState | undefined {
  for (const state of wanting) {
    if (state.waiters.size === 0) wanting.delete(state);
    else if (state !== own) return state;
  }
  return undefined;
}

/**
 * A shared connection that others have waited for long enough, the one opened first; undefined where as many are on their way
 * out as origins wait.
 */
export function overstaying(
  origins: Iterable<OriginState>,
  wanting: readonly OriginState[],
  now: number,
): MultiplexedConnection | undefined {
  const waiting = wanting.filter(({ waitingSince }) => hasWaitedATurn(waitingSince, now));
  if (waiting.length === 0) return undefined;
  const shared = [...origins]
    .filter(state => waiting.some(other => other !== state))
    .flatMap(state => state.multiplexed);
  if (shared.filter(({ retired }) => retired).length >= waiting.length) return undefined;
  const [first] = shared.filter(({ retired }) => !retired).sort((a, b) => a.openedAt - b.openedAt);
  return first;
}

/** So many that gave up may stand in a line, beside as many as wait. */
const MOST_GONE = 64;

/** First come, first served. A request that gave up is counted out at once, and let go of when such are the most. */
class WaitingLine {
  readonly #line = new Fifo<Exchange>();
  /** Those that still wait. */
  size = 0;

  push(exchange: Exchange): void {
    this.#line.push(exchange);
    this.size += 1;
  }

  /** Before all others: for one that had its turn already, and lost its connection. */
  pushFront(exchange: Exchange): void {
    this.#line.unshift(exchange);
    this.size += 1;
  }

  /** The first that still waits. */
  get first(): Exchange | undefined {
    while (this.#line.size > 0 && this.#line.peek()?.state !== "waiting") this.#line.shift();
    return this.#line.peek();
  }

  /** The first that still waits, and removes it. */
  shift(): Exchange | undefined {
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) {
      if (next.state !== "waiting") continue;
      this.size -= 1;
      return next;
    }
    return undefined;
  }

  /** To be called once for each that settled while it waited; not while iterating. */
  left(): void {
    this.size -= 1;
    if (this.#line.size > 2 * this.size + MOST_GONE)
      this.#line.keep(exchange => exchange.state === "waiting");
  }

  *[Symbol.iterator](): IterableIterator<Exchange> {
    for (const exchange of this.#line) if (exchange.state === "waiting") yield exchange;
  }
}
