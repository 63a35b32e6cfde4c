import type { HttpVersions } from "../core/http-versions.ts";

/** What a pool may hold. */
export interface PoolLimits {
  /** Connections in all. */
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  /** Requests under way at one origin. */
  readonly maxInFlightPerOrigin: number;
  /** Idle connections, of all origins. */
  readonly maxKeepAlive: number;
  /** Requests that wait for a connection, but for those on whose behalf one is being opened. */
  readonly maxWaiting: number;
  readonly maxRequestsPerConnection: number;
  /** How long an idle connection is kept, in milliseconds; less where the server keeps it for less. */
  readonly keepAliveExpiry: number;
  /** The age at which a connection is not used again, in milliseconds. */
  readonly maxAge: number;
  /** Bytes of a response's head, and of its trailers. */
  readonly maxHeaderBytes: number;
  /** How long a body that nobody begins to read may keep a connection, in milliseconds. */
  readonly unreadBodyTimeout: number;
  /** After how much silence a server over HTTP/2 is asked whether it is there, in milliseconds; it has as long to answer. */
  readonly pingInterval: number;
}

/** What a pool is told beside its limits. */
export interface PoolOptions extends PoolLimits {
  /** What servers may be spoken to in; the connector asks them for the same. */
  readonly versions: HttpVersions;
}

/** The server's own limit is a promise that it closes then: one second before, we are still in time. */
const SERVER_EXPIRY_MARGIN_MS = 1_000;

/** How many connections an origin may have: of HTTP/1.1, each carries one request. */
export function mostConnections(limits: PoolLimits): number {
  return Math.min(limits.maxConnectionsPerOrigin, limits.maxInFlightPerOrigin);
}

/** How long this connection may idle. */
export function idleLimit(limits: PoolLimits, serverKeepAliveMs: number | undefined): number {
  if (serverKeepAliveMs === undefined) return limits.keepAliveExpiry;
  return Math.min(limits.keepAliveExpiry, Math.max(0, serverKeepAliveMs - SERVER_EXPIRY_MARGIN_MS));
}
