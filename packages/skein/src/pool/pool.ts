import type {
  Connection,
  ConnectionOwner,
  ConnectionSetup,
  MultiplexedConnection,
  MultiplexOwner,
  Unanswered,
} from "../connection/connection.ts";
import { Exchange } from "../connection/exchange.ts";
import { Http1Connection } from "../connection/http1-connection.ts";
import { Http2Connection } from "../connection/http2-connection.ts";
import { Chain } from "../core/chain.ts";
import { AbortError, ClientClosed, isSkeinError } from "../core/errors.ts";
import type { RuntimePorts, Socket } from "../core/ports.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Service } from "../core/service.ts";
import { type Origin, overHttp1 } from "../core/url.ts";
import { mostConnections, type PoolOptions } from "./limits.ts";
import { planConnection, yieldsTo } from "./plan.ts";
import { lateOnes, NOT_SENT, poolFull, waitInfo } from "./pool-errors.ts";
import { firstOther, OriginState, overstaying, strandedAt } from "./pool-state.ts";
import { mayReplay, REPLAYED_BECAUSE } from "./replay.ts";
import { type ConnectionCounts, Room } from "./room.ts";
import { Sweep } from "./sweep.ts";
import { mayMultiplex, originOf } from "./versions.ts";
import { Wear } from "./wear.ts";

/**
 * Keeps connections and gives them out: the service at the bottom of every stack.
 *
 * A request takes an idle connection of its origin, or waits in that origin's line, first come, first served; meanwhile
 * connections are opened, one for each that waits, within the limits. When the pool is full, an idle connection of
 * another origin makes room. Waiting is no error: only the deadline or a pool timeout ends it.
 */
export class Pool implements Service, ConnectionOwner, MultiplexOwner {
  #limits: PoolOptions;
  #mostPerOrigin: number;
  readonly #room: Room;
  readonly #setup: ConnectionSetup;
  readonly #sweep: Sweep;
  readonly #wear: Wear;
  readonly #origins = new Map<string, OriginState>();
  readonly #connections = new Set<Connection>();
  /** Of all origins, the one that has idled longest first. */
  readonly #idle = new Chain<Connection>();
  /** The request on whose behalf a connection is being opened: it learns of a failure. */
  readonly #openingFor = new Map<Connection, Exchange>();
  /** Origins whose requests wait for a place in a full pool, oldest first: those that have no connection at all … */
  readonly #starving = new Set<OriginState>();
  /** … and those that could use one more. */
  readonly #wantMore = new Set<OriginState>();
  #waiting = 0;
  #closed = false;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor(limits: PoolOptions, ports: Pick<RuntimePorts, "connector" | "text" | "clock" | "resources">) {
    this.#limits = limits;
    this.#mostPerOrigin = mostConnections(limits);
    this.#room = new Room(limits.maxConnections, ports.resources);
    this.#sweep = new Sweep(ports.clock, now => this.#checkTimeouts(now));
    this.#wear = new Wear(limits, this.#sweep);
    this.#setup = {
      connector: ports.connector,
      text: ports.text,
      time: this.#sweep,
      clock: ports.clock,
      limits: { maxHeaderBytes: limits.maxHeaderBytes },
      unreadBodyTimeout: limits.unreadBodyTimeout,
      pingInterval: limits.pingInterval,
      onlyHttp2: !limits.versions.http1,
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
      const state = this.#stateOf(originOf(request, context, this.#limits));
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

  /** How many connections there may be now: `maxConnections`, or fewer where the process has no descriptors for more. */
  get room(): number {
    return this.#room.size;
  }

  /** The most requests under way at one origin, from now on; what is under way goes on. */
  limitInFlight(maxInFlightPerOrigin: number): void {
    this.#limits = { ...this.#limits, maxInFlightPerOrigin };
    this.#mostPerOrigin = mostConnections(this.#limits);
    for (const state of this.#origins.values()) {
      while (state.open > this.#mostPerOrigin && state.idle.length > 0)
        state.idle.at(-1)!.destroy(new ClientClosed());
      this.#feed(state);
      this.#plan(state);
    }
    this.#updateHold();
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
    if (state.mayMultiplex) {
      // Each of those who wait needs a connection of its own: they have waited for this one to tell.
      state.mayMultiplex = false;
      queueMicrotask(() => this.#plan(state));
    }
    const isTooMany = state.open > this.#mostPerOrigin;
    if (this.#closed || isTooMany || this.#wear.isUsedUp(connection) || this.#mustYield(state)) {
      connection.destroy(new ClientClosed());
      return;
    }
    const next = state.waiters.shift();
    if (next !== undefined) return this.#dispatchNext(state, connection, next);
    state.idle.push(connection);
    this.#idle.add(connection);
    if (this.#idle.size > this.#limits.maxKeepAlive) this.#oldestIdle().destroy(new ClientClosed());
    if (this.#starving.size + this.#wantMore.size > 0) this.#giveRoom();
    this.#updateHold();
  }

  connectionSpeaksHttp2(connection: Connection, socket: Socket): void {
    const state = this.#stateOf(connection.origin);
    this.#opened(state, connection);
    this.#connections.delete(connection);
    const { id, origin, openedAt, opening } = connection;
    const multiplexed = new Http2Connection({ id, origin, openedAt, opening, socket }, this, this.#setup);
    socket.handOver(multiplexed);
    this.#connections.add(multiplexed);
    state.multiplexed.push(multiplexed);
    this.connectionFree(multiplexed);
  }

  connectionFree(connection: MultiplexedConnection): void {
    const state = this.#stateOf(connection.origin);
    if (this.#closed && connection.inFlight === 0) return connection.retire();
    this.#feed(state);
    if (connection.state === "idle") this.#idle.add(connection);
    this.#plan(state);
    this.#updateHold();
  }

  connectionClosed(connection: Connection, error: Error | undefined): void {
    const state = this.#stateOf(connection.origin);
    this.#connections.delete(connection);
    state.open -= 1;
    if (this.#idle.delete(connection)) state.forgetIdle(connection);
    state.forgetShared(connection);
    const exchange = this.#opened(state, connection);
    if (exchange !== undefined) this.#openingFailed(state, exchange, error ?? new ClientClosed());
    // Those who have waited for room come first, or a busy origin would take its own place again and again.
    this.#giveRoom();
    this.#plan(state);
    this.#updateHold();
    if (this.#connections.size > 0) return;
    this.#emptied?.resolve();
    if (this.#closed) this.#sweep.stop();
  }

  takeBack(connection: Connection, exchange: Exchange, why: Unanswered): boolean {
    if (this.#closed || !mayReplay(exchange, connection, why)) return false;
    if (why === "needs-http1" && !this.#limits.versions.http1) return false;
    exchange.replays += 1;
    exchange.state = "waiting";
    exchange.enqueuedAt = this.#sweep.now;
    const { origin } = connection;
    const because = REPLAYED_BECAUSE[why];
    exchange.context.trace?.("pool.wait.started", this.#setup.clock.now(), { origin: origin.key, because });
    // Other idle connections may be as dead as this one was: it waits for a new one, or for one that has just answered.
    const state = this.#stateOf(why === "needs-http1" ? overHttp1(origin) : origin);
    state.waiters.pushFront(exchange);
    this.#wait(state, exchange);
    if (why === "needs-http1") this.#plan(state);
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
    if (state.multiplexed.length > 0) return this.#takeShared(state);
    for (let connection = state.idle.pop(); connection !== undefined; connection = state.idle.pop()) {
      this.#idle.delete(connection);
      if (!this.#wear.isTooOld(connection) && !this.#wear.hasExpired(connection)) return connection;
      connection.destroy(new ClientClosed());
    }
    return undefined;
  }

  #takeShared(state: OriginState): Connection | undefined {
    const connection = state.takeShared(
      this.#limits.maxInFlightPerOrigin,
      shared => this.#wear.isUsedUp(shared) || (shared.inFlight === 0 && this.#wear.hasExpired(shared)),
    );
    if (connection !== undefined) this.#idle.delete(connection);
    return connection;
  }

  /** Those who wait go out over what is shared, as far as it carries them. */
  #feed(state: OriginState): void {
    while (state.waiters.size > 0) {
      const connection = this.#takeShared(state);
      const next = connection && state.waiters.shift();
      if (connection === undefined || next === undefined) return;
      this.#dispatchNext(state, connection, next);
    }
  }

  #dispatchNext(state: OriginState, connection: Connection, next: Exchange): void {
    this.#waiting -= 1;
    const now = this.#setup.clock.now();
    next.record.dispatchedAt = now;
    next.context.trace?.("pool.wait.complete", now, waitInfo(state));
    this.#dispatch(connection, next);
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
    if (this.#waiting > maxWaiting && strandedAt(this.#origins.values()) > maxWaiting)
      this.#leave(state, exchange, poolFull(maxWaiting, state));
  }

  /** Opens what those who wait at this origin need, as far as there is room. */
  #plan(state: OriginState): void {
    while (!this.#closed) {
      if (state.mayMultiplex && (state.connecting > 0 || state.inFlight >= this.#limits.maxInFlightPerOrigin))
        return;
      const plan = planConnection(
        {
          open: state.open,
          connecting: state.connecting,
          waiting: state.waiters.size,
          total: this.#connections.size,
          idle: this.#idle.size,
        },
        { maxConnections: this.#room.size, maxConnectionsPerOrigin: this.#mostPerOrigin },
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
    this.#room.opened(this.#counts(), this.#sweep.now);
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
      this.#room.shrink(this.#connections.size, this.#sweep.now);
      return;
    }
    this.#leave(state, exchange, error);
  }

  // ── room for other origins ──

  #oldestIdle(): Connection {
    const { first } = this.#idle;
    if (first !== undefined) return first;
    throw new Error("invariant: make-room was planned without an idle connection");
  }

  #counts(): ConnectionCounts {
    return { all: this.#connections.size, opening: this.#openingFor.size };
  }

  #mustYield(state: OriginState): boolean {
    if (this.#starving.size + this.#wantMore.size === 0 || this.#connections.size < this.#room.size)
      return false;
    return [this.#starving, this.#wantMore].some(wanting => {
      const other = firstOther(wanting, state);
      return other !== undefined && yieldsTo(state, other);
    });
  }

  /** What is shared is hardly ever idle: where others wait for a place, it takes no more once it has had its turn. */
  #endTurns(now: number): void {
    if (this.#connections.size < this.#room.size) return;
    overstaying(this.#origins.values(), [...this.#starving, ...this.#wantMore], now)?.retire();
  }

  #giveRoom(): void {
    for (const wanting of [this.#starving, this.#wantMore]) {
      for (const state of wanting) {
        if (this.#connections.size >= this.#room.size && this.#idle.size === 0) return;
        wanting.delete(state);
        this.#plan(state);
      }
    }
  }

  // ── time ──

  /** @returns whether there is more to watch */
  #checkTimeouts(now: number): boolean {
    for (const connection of this.#connections) {
      if (connection.state === "idle" && this.#wear.hasExpired(connection))
        connection.destroy(new ClientClosed());
      else connection.checkTimeouts(now);
    }
    for (const state of this.#origins.values()) {
      if (state.waiters.size > 0) this.#checkWaiting(state, now);
      else if (state.open === 0) this.#origins.delete(state.origin.key);
    }
    if (this.#room.grows(this.#counts(), now)) this.#giveRoom();
    this.#endTurns(now);
    return this.#connections.size > 0 || this.#waiting > 0;
  }

  #checkWaiting(state: OriginState, now: number): void {
    for (const [exchange, error] of lateOnes(state, this.#sweep, now)) this.#leave(state, exchange, error);
  }

  #updateHold(): void {
    this.#sweep.hold(this.#waiting > 0 || this.#idle.size < this.#connections.size);
  }

  #stateOf(origin: Origin): OriginState {
    let state = this.#origins.get(origin.key);
    if (state === undefined) {
      state = new OriginState(origin, mayMultiplex(origin, this.#limits.versions));
      this.#origins.set(origin.key, state);
    }
    return state;
  }
}
