import type { Connection, ConnectionOwner, ConnectionSetup } from "../connection/connection.ts";
import { type Progress, totalTimeout } from "../connection/error-map.ts";
import { Exchange } from "../connection/exchange.ts";
import { Http1Connection } from "../connection/http1-connection.ts";
import { formatDuration } from "../core/duration.ts";
import { AbortError, ClientClosed, isSkeinError, PoolFull, PoolTimeout } from "../core/errors.ts";
import type { RuntimePorts } from "../core/ports.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Service } from "../core/service.ts";
import type { TraceInfo } from "../core/trace.ts";
import type { Origin } from "../core/url.ts";
import { idleLimit, mostConnections, type PoolLimits } from "./limits.ts";
import { planConnection, yieldsTo } from "./plan.ts";
import { firstOther, OriginState } from "./pool-state.ts";
import { Sweep } from "./sweep.ts";

/**
 * Keeps connections and gives them out: the service at the bottom of every stack.
 *
 * A request takes an idle connection of its origin, or waits in that origin's line, first come, first served; meanwhile
 * connections are opened, one for each that waits, within the limits. When the pool is full, an idle connection of
 * another origin makes room. Waiting is no error: only the deadline or a pool timeout ends it.
 */
export class Pool implements Service, ConnectionOwner {
  readonly #limits: PoolLimits;
  readonly #mostPerOrigin: number;
  /** Connections there may be: `maxConnections`, or fewer for a while when the system has no file for one more. */
  #room: number;
  /** When to find out whether there are more files again. */
  #tryRoomAt = Number.POSITIVE_INFINITY;
  readonly #setup: ConnectionSetup;
  readonly #sweep: Sweep;
  readonly #origins = new Map<string, OriginState>();
  readonly #connections = new Set<Connection>();
  /** Of all origins, the one that has idled longest first. */
  readonly #idle = new Set<Connection>();
  /** The request on whose behalf a connection is being opened: it learns of a failure. */
  readonly #openingFor = new Map<Connection, Exchange>();
  /** Origins whose requests wait for a place in a full pool, oldest first: those that have no connection at all … */
  readonly #starving = new Set<OriginState>();
  /** … and those that could use one more. */
  readonly #wantMore = new Set<OriginState>();
  #waiting = 0;
  #closed = false;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor(limits: PoolLimits, ports: Pick<RuntimePorts, "connector" | "text" | "clock">) {
    this.#limits = limits;
    this.#mostPerOrigin = mostConnections(limits);
    this.#room = limits.maxConnections;
    this.#sweep = new Sweep(ports.clock, now => this.#checkTimeouts(now));
    this.#setup = {
      connector: ports.connector,
      text: ports.text,
      time: this.#sweep,
      clock: ports.clock,
      limits: { maxHeaderBytes: limits.maxHeaderBytes },
      unreadBodyTimeout: limits.unreadBodyTimeout,
    };
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#sweep.start();
      const startedAt = this.#setup.clock.now();
      const call = { request, context, enqueuedAt: this.#sweep.now, startedAt };
      const exchange = new Exchange(call, resolve, reject);
      if (this.#closed) return exchange.fail(new ClientClosed());
      if (context.cancelled) return exchange.fail(new AbortError(context.cancelReason, NOT_SENT));
      const state = this.#stateOf(request.url.origin);
      const connection = this.#takeIdle(state);
      if (connection !== undefined) {
        exchange.record.dispatchedAt = startedAt;
        return this.#dispatch(connection, exchange);
      }
      state.waiters.push(exchange);
      context.trace?.("pool.wait.started", startedAt, waitInfo(state));
      this.#wait(state, exchange);
      this.#plan(state);
      if (this.#limits.maxWaiting !== Number.POSITIVE_INFINITY) this.#limitLine(state, exchange);
    });
  }

  /** Finishes what is in flight; what still waits for a connection fails with ClientClosed. */
  async close(): Promise<void> {
    this.#refuseWaiting(() => new ClientClosed());
    for (const connection of this.#connections) {
      if (connection.state !== "busy") connection.destroy(new ClientClosed());
    }
    if (this.#connections.size === 0) return this.#sweep.stop();
    this.#emptied ??= Promise.withResolvers();
    return this.#emptied.promise;
  }

  /** Ends everything at once. */
  destroy(reason: unknown = "the client was destroyed"): void {
    // An error each: it is completed with the request that it belongs to.
    this.#refuseWaiting(() => new AbortError(reason, NOT_SENT));
    for (const connection of this.#connections) connection.cancel(reason);
    this.#sweep.stop();
  }

  /** A line for each connection, for people: "http://a.test busy, 3 requests". */
  describe(): string[] {
    return Array.from(this.#connections, connection => connection.describe());
  }

  // ── from the connections ──

  connectionIdle(connection: Connection): void {
    const state = this.#stateOf(connection.origin);
    this.#opened(state, connection);
    if (this.#closed || this.#isUsedUp(connection) || this.#mustYield(state)) {
      connection.destroy(new ClientClosed());
      return;
    }
    const next = state.waiters.shift();
    if (next !== undefined) {
      this.#waiting -= 1;
      const now = this.#setup.clock.now();
      next.record.dispatchedAt = now;
      next.context.trace?.("pool.wait.complete", now, waitInfo(state));
      this.#dispatch(connection, next);
      return;
    }
    state.idle.push(connection);
    this.#idle.add(connection);
    if (this.#idle.size > this.#limits.maxKeepAlive) this.#oldestIdle().destroy(new ClientClosed());
    if (this.#starving.size + this.#wantMore.size > 0) this.#giveRoom();
    this.#updateHold();
  }

  connectionClosed(connection: Connection, error: Error | undefined): void {
    const state = this.#stateOf(connection.origin);
    this.#connections.delete(connection);
    state.open -= 1;
    if (this.#idle.delete(connection)) state.idle.splice(state.idle.indexOf(connection), 1);
    const exchange = this.#opened(state, connection);
    if (exchange !== undefined) this.#openingFailed(state, exchange, error ?? new ClientClosed());
    // Those who have waited for room come first, or a busy origin would take its own place again and again.
    this.#giveRoom();
    this.#plan(state);
    this.#updateHold();
    if (this.#connections.size === 0) this.#becameEmpty();
  }

  takeBack(connection: Connection, exchange: Exchange): boolean {
    const { request } = exchange;
    if (connection.requests < 2 || exchange.replayed || this.#closed) return false;
    if (!request.isIdempotent || !request.isReplayable) return false;
    exchange.replayed = true;
    exchange.state = "waiting";
    exchange.enqueuedAt = this.#sweep.now;
    exchange.context.trace?.("pool.wait.started", this.#setup.clock.now(), {
      origin: connection.origin.key,
      because: "the kept-alive connection was dead",
    });
    // Other idle connections may be as dead as this one was: it waits for a new one, or for one that has just answered.
    const state = this.#stateOf(connection.origin);
    state.waiters.pushFront(exchange);
    this.#wait(state, exchange);
    return true;
  }

  #refuseWaiting(error: () => Error): void {
    this.#closed = true;
    for (const state of this.#origins.values()) {
      for (const exchange of [...state.waiters]) this.#leave(state, exchange, error());
    }
  }

  // ── giving out ──

  #dispatch(connection: Connection, exchange: Exchange): void {
    this.#sweep.hold(true);
    connection.dispatch(exchange);
  }

  #takeIdle(state: OriginState): Connection | undefined {
    for (let connection = state.idle.pop(); connection !== undefined; connection = state.idle.pop()) {
      this.#idle.delete(connection);
      if (!this.#isTooOld(connection) && !this.#hasExpired(connection)) return connection;
      connection.destroy(new ClientClosed());
    }
    return undefined;
  }

  #wait(state: OriginState, exchange: Exchange): void {
    this.#waiting += 1;
    this.#sweep.hold(true);
    exchange.hold(reason => this.#leave(state, exchange, new AbortError(reason, NOT_SENT)));
  }

  /** Out of the line, with an error. */
  #leave(state: OriginState, exchange: Exchange, error: Error): void {
    if (exchange.state !== "waiting") return;
    exchange.record.endedAt = this.#setup.clock.now();
    exchange.context.trace?.("pool.wait.failed", exchange.record.endedAt, {
      ...waitInfo(state),
      error: error.message,
    });
    exchange.fail(error);
    state.waiters.left();
    this.#waiting -= 1;
    this.#updateHold();
  }

  /** The last one to come does not wait where too many do. */
  #limitLine(state: OriginState, exchange: Exchange): void {
    const { maxWaiting } = this.#limits;
    // Only then is it worth it to count.
    if (this.#waiting <= maxWaiting) return;
    let stranded = 0;
    for (const { waiters, connecting } of this.#origins.values())
      stranded += Math.max(0, waiters.size - connecting);
    if (stranded > maxWaiting) this.#leave(state, exchange, poolFull(maxWaiting, state));
  }

  /** Opens what those who wait at this origin need, as far as there is room. */
  #plan(state: OriginState): void {
    while (!this.#closed) {
      const plan = planConnection(
        {
          open: state.open,
          connecting: state.connecting,
          waiting: state.waiters.size,
          total: this.#connections.size,
          idle: this.#idle.size,
        },
        { maxConnections: this.#room, maxConnectionsPerOrigin: this.#mostPerOrigin },
      );
      if (plan === "wait") return;
      if (plan === "queue-for-room") {
        (state.open === 0 ? this.#starving : this.#wantMore).add(state);
        return;
      }
      if (plan === "make-room") this.#oldestIdle().destroy(new ClientClosed());
      else this.#open(state);
    }
  }

  #open(state: OriginState): void {
    const exchange = state.nextWithoutOpening();
    exchange.opening = true;
    state.open += 1;
    state.connecting += 1;
    const { timeouts, trace } = exchange.context;
    const setup = { ...this.#setup, connectTimeout: timeouts.connect, trace };
    const connection = new Http1Connection(state.origin, this, setup);
    exchange.record.opening = connection.opening;
    this.#connections.add(connection);
    this.#openingFor.set(connection, exchange);
  }

  /** The attempt to open it is over; the request on whose behalf it was made, if it was one. */
  #opened(state: OriginState, connection: Connection): Exchange | undefined {
    const exchange = this.#openingFor.get(connection);
    if (exchange === undefined) return undefined;
    this.#openingFor.delete(connection);
    state.connecting -= 1;
    exchange.opening = false;
    return exchange;
  }

  #openingFailed(state: OriginState, exchange: Exchange, error: Error): void {
    const outOfFiles = isSkeinError(error) && error.code === "TOO_MANY_OPEN_FILES";
    if (outOfFiles && this.#connections.size > 0) {
      // Back-pressure, no failure: it waits for one of the connections that there are.
      this.#room = this.#connections.size;
      this.#tryRoomAt = this.#sweep.now + ROOM_PATIENCE_MS;
      return;
    }
    this.#leave(state, exchange, error);
  }

  // ── room for other origins ──

  #oldestIdle(): Connection {
    for (const connection of this.#idle) return connection;
    throw new Error("invariant: make-room was planned without an idle connection");
  }

  #mustYield(state: OriginState): boolean {
    if (this.#starving.size + this.#wantMore.size === 0 || this.#connections.size < this.#room) return false;
    return [this.#starving, this.#wantMore].some(wanting => {
      const other = firstOther(wanting, state);
      return other !== undefined && yieldsTo(state, other);
    });
  }

  #giveRoom(): void {
    for (const wanting of [this.#starving, this.#wantMore]) {
      for (const state of wanting) {
        if (this.#connections.size >= this.#room && this.#idle.size === 0) return;
        wanting.delete(state);
        this.#plan(state);
      }
    }
  }

  /** Files may have become free: whoever has them does not tell. */
  #growRoom(now: number): void {
    this.#room = Math.min(this.#limits.maxConnections, this.#room * 2);
    const isWhole = this.#room === this.#limits.maxConnections;
    this.#tryRoomAt = isWhole ? Number.POSITIVE_INFINITY : now + ROOM_PATIENCE_MS;
    this.#giveRoom();
  }

  // ── time ──

  #hasExpired(connection: Connection): boolean {
    return this.#sweep.now - connection.idleSince > idleLimit(this.#limits, connection.serverKeepAliveMs);
  }

  #isUsedUp(connection: Connection): boolean {
    return connection.requests >= this.#limits.maxRequestsPerConnection || this.#isTooOld(connection);
  }

  #isTooOld(connection: Connection): boolean {
    return this.#sweep.now - connection.openedAt > this.#limits.maxAge;
  }

  /** @returns whether there is more to watch */
  #checkTimeouts(now: number): boolean {
    for (const connection of this.#connections) {
      if (connection.state !== "idle") connection.checkTimeouts(now);
      else if (this.#hasExpired(connection)) connection.destroy(new ClientClosed());
    }
    for (const state of this.#origins.values()) {
      if (state.waiters.size > 0) this.#checkWaiting(state, now);
      else if (state.open === 0) this.#origins.delete(state.origin.key);
    }
    if (now > this.#tryRoomAt) this.#growRoom(now);
    return this.#connections.size > 0 || this.#waiting > 0;
  }

  #checkWaiting(state: OriginState, now: number): void {
    const late: Exchange[] = [];
    for (const exchange of state.waiters) {
      const { timeouts, deadline } = exchange.context;
      if (now > deadline || this.#sweep.since(exchange.enqueuedAt) > timeouts.pool) late.push(exchange);
    }
    for (const exchange of late) {
      const { timeouts, deadline } = exchange.context;
      const error =
        now > deadline ? totalTimeout(timeouts.total, NOT_SENT) : poolTimeout(timeouts.pool, state);
      this.#leave(state, exchange, error);
    }
  }

  #updateHold(): void {
    this.#sweep.hold(this.#waiting > 0 || this.#idle.size < this.#connections.size);
  }

  #becameEmpty(): void {
    this.#emptied?.resolve();
    if (this.#closed) this.#sweep.stop();
  }

  #stateOf(origin: Origin): OriginState {
    let state = this.#origins.get(origin.key);
    if (state === undefined) {
      state = new OriginState(origin);
      this.#origins.set(origin.key, state);
    }
    return state;
  }
}

/** For so long a pool makes do with the connections that it could open. */
const ROOM_PATIENCE_MS = 1_000;

function waitInfo({ origin, open, waiters }: OriginState): TraceInfo {
  return { origin: origin.key, open, waiting: waiters.size };
}

const NOT_SENT = Object.freeze({ phase: "queue", requestSent: "none", peer: undefined }) satisfies Progress;

function poolFull(most: number, state: OriginState): PoolFull {
  const reason = `no connection is free, and ${most} calls wait already (limits.maxWaiting): ${state.open} open to this origin`;
  return new PoolFull("POOL_FULL", reason, NOT_SENT);
}

function poolTimeout(ms: number, state: OriginState): PoolTimeout {
  const reason = `no connection was free within ${formatDuration(ms)}: ${state.open} open, ${state.waiters.size} waiting`;
  return new PoolTimeout("POOL_TIMEOUT", reason, NOT_SENT);
}
