import { type Duration, parseDuration } from "../core/duration.ts";
import { checkNames, requireCount } from "../core/option-names.ts";

export interface LimitOptions {
  /** Connections in all. Default: 256. */
  maxConnections?: number;
  /** Default: 100. */
  maxConnectionsPerOrigin?: number;
  /**
   * Requests to one origin that may be under way at once, bodies included, however many a connection could carry; the
   * others wait their turn. Default: 100, or `maxConnectionsPerOrigin` where that is more.
   */
  maxInFlightPerOrigin?: number;
  /** Connections that are kept while nothing is under way on them; 0 keeps none. Default: all. */
  maxKeepAlive?: number;
  /**
   * Calls that may wait for a connection; those for which one is being opened are not counted. A call beyond them fails at
   * once with PoolFull. Default: no limit, only timeouts end the wait.
   */
  maxWaiting?: number;
  /** Requests after which a connection is not used again. Default: no limit. */
  maxRequestsPerConnection?: number;
  /** How long an idle connection is kept. Default: 5 s. */
  keepAliveExpiry?: Duration;
  /** The age at which a connection is not used again. Default: 5 minutes. */
  maxAge?: Duration;
  /** Bytes of a response's head. Default: 64 KiB. */
  maxHeaderBytes?: number;
  /** Bytes of a decoded body that is read into memory. Default: 256 MiB. A stream has no limit of its own. */
  maxResponseBytes?: number;
  /**
   * How long a streamed body that nobody begins to read keeps its connection; the reader then gets StreamClosed. One who
   * has begun may take any time. Default: 60 s.
   */
  unreadBodyTimeout?: Duration;
  /**
   * Over HTTP/2: after how much silence a server that calls wait for is asked whether it is there (PING). When as much time
   * again brings no byte, the connection is given up: what may be sent again is, other calls fail with CloseError. Default: 15 s.
   */
  pingInterval?: Duration;
}

/** The limits of a client, complete: counts, bytes and milliseconds; `Infinity` where there is none. */
export type Limits = Required<{ [K in keyof LimitOptions]: number }>;

const NONE = Number.POSITIVE_INFINITY;
const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  maxConnections: 256,
  maxConnectionsPerOrigin: 100,
  maxInFlightPerOrigin: 100,
  maxKeepAlive: NONE,
  maxWaiting: NONE,
  maxRequestsPerConnection: NONE,
  keepAliveExpiry: 5_000,
  maxAge: 300_000,
  maxHeaderBytes: 64 * 1024,
  maxResponseBytes: 256 * MIB,
  unreadBodyTimeout: 60_000,
  pingInterval: 15_000,
};

const TIME_LIMITS = new Set(["keepAliveExpiry", "maxAge", "unreadBodyTimeout", "pingInterval"]);

/** @throws InvalidOption naming the option: an unknown name, a value that makes no sense */
export function normalizeLimits(limits: LimitOptions = {}): Limits {
  checkNames(limits, Object.keys(DEFAULT_LIMITS), "limits");
  const normalized: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    normalized[name] = TIME_LIMITS.has(name)
      ? parseDuration(value, `limits.${name}`)
      : requireCount(value, `limits.${name}`, name === "maxKeepAlive" || name === "maxWaiting" ? 0 : 1);
  }
  if (limits.maxInFlightPerOrigin === undefined)
    normalized.maxInFlightPerOrigin = Math.max(
      DEFAULT_LIMITS.maxInFlightPerOrigin,
      normalized.maxConnectionsPerOrigin!,
    );
  return normalized as Limits;
}
