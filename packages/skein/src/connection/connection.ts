import type { Link } from "../core/chain.ts";
import type { Clock } from "../core/clock.ts";
import type { Connector, Socket, TextPort } from "../core/ports.ts";
import type { OpeningTimes } from "../core/timings.ts";
import type { TraceSink } from "../core/trace.ts";
import type { Origin } from "../core/url.ts";
import type { ReaderLimits } from "../protocol/http1/response-reader.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Where a connection is. `connecting` → `idle` ⇄ `busy`, and from each of them → `closed`, for ever.
 * A request is given to an idle connection and sent in the same instant: nothing can come between.
 */
export type ConnectionState = "connecting" | "idle" | "busy" | "closed";

/** One connection to an origin, as the pool sees it. */
export interface Connection extends Link<Connection> {
  /** Tells the connections of a process apart. */
  readonly id: number;
  readonly origin: Origin;
  readonly state: ConnectionState;
  /** Requests sent on it so far. */
  readonly requests: number;
  /** On the coarse time. */
  readonly openedAt: number;
  /** How its opening went, or goes. */
  readonly opening: OpeningTimes;
  /** Since when it is idle, on the coarse time. */
  readonly idleSince: number;
  /** How long the server keeps it when idle, in milliseconds, where it said so. */
  readonly serverKeepAliveMs: number | undefined;
  /** Sends the request; the connection must be idle. */
  dispatch(exchange: Exchange): void;
  /** Fails what has waited too long. `now` is the coarse time. */
  checkTimeouts(now: number): void;
  /** Closes at once; what is under way fails with `error`. */
  destroy(error: Error): void;
  /** Closes at once; what is under way fails with AbortError. */
  cancel(reason: unknown): void;
  /** One line for people: "http://a.test busy, 3 requests". */
  describe(): string;
}

/** A connection that carries many exchanges at once. */
export interface MultiplexedConnection extends Connection {
  /** How many more exchanges it takes now. */
  readonly free: number;
  /** How many it carries. */
  readonly inFlight: number;
  /** Whether it takes no more, for good. */
  readonly retired: boolean;
  /** Takes no more, and closes when the last one has ended. */
  retire(): void;
}

/** What all connections of a pool share. */
export interface ConnectionSetup {
  readonly connector: Connector;
  readonly text: TextPort;
  readonly time: CoarseTime;
  /** The exact time: for what is measured. */
  readonly clock: Clock;
  readonly limits: Partial<ReaderLimits>;
  /** How long a body that nobody begins to read may keep a connection, in milliseconds. */
  readonly unreadBodyTimeout: number;
  /** After how much silence a server over HTTP/2 is asked whether it is there, in milliseconds; it has as long to answer. */
  /** Whether a server is spoken to in HTTP/2 whatever it says, or not at all. */
  readonly onlyHttp2: boolean;
  readonly pingInterval: number;
}

/** What one call brings along, on whose behalf a connection is opened. */
export interface OpenedFor {
  readonly connectTimeout: number;
  readonly trace: TraceSink | undefined;
}

/** What a connection tells the pool that it belongs to. */
export interface ConnectionOwner {
  /** It is connected, or its exchange has ended: it can carry another one now. */
  connectionIdle(connection: Connection): void;
  /** It is closed. `error` says why, unless it was closed while idle. */
  connectionClosed(connection: Connection, error: Error | undefined): void;
  /**
   * The connection died under an exchange before the first byte of an answer. True when the owner takes the exchange
   * back to send it once more; false when it must fail.
   */
  takeBack(connection: Connection, exchange: Exchange, why: "dead"): boolean;
  /** It is connected, and the server has chosen HTTP/2: whoever owns it makes another one of its socket. */
  connectionSpeaksHttp2(connection: Connection, socket: Socket): void;
}

/**
 * Why an exchange has no answer. `dead`: its connection has ended. `unprocessed`: the server has not looked at it, so that it
 * may be sent again whatever it is; `needs-http1`: neither, and it wants it in HTTP/1.1 (RFC 9113 §7, HTTP_1_1_REQUIRED).
 */
export type Unanswered = "dead" | "unprocessed" | "needs-http1";

/** What a multiplexed connection tells it. */
export interface MultiplexOwner {
  /** An exchange has ended, or the server allows more: it may be able to carry another one now. */
  connectionFree(connection: MultiplexedConnection): void;
  connectionClosed(connection: Connection, error: Error | undefined): void;
  /** The exchange has no answer, and none will come. True when the owner takes it back, to send it once more. */
  takeBack(connection: Connection, exchange: Exchange, why: Unanswered): boolean;
}

/** The time that connections and pool share: read by everyone, set once a sweep. See pool/sweep.ts. */
export interface CoarseTime {
  readonly now: number;
  /** For how long the event loop has been blocked, in all: nobody had a chance to be heard meanwhile. */
  readonly blocked: number;
  /** How long ago `now` said `time`. */
  since(time: number): number;
}
