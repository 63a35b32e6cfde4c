/** What a pool may hold. */
export interface PoolLimits {
  /** Connections in all. */
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  /** How long an idle connection is kept, in milliseconds; less where the server keeps it for less. */
  readonly keepAliveExpiry: number;
  /** The age at which a connection is not used again, in milliseconds. */
  readonly maxAge: number;
  /** Bytes of a response's head, and of its trailers. */
  readonly maxHeaderBytes: number;
  /** How long a body that nobody begins to read may keep a connection, in milliseconds. */
  readonly unreadBodyTimeout: number;
}

/** The server's own limit is a promise that it closes then: one second before, we are still in time. */
const SERVER_EXPIRY_MARGIN_MS = 1_000;

/** How long this connection may idle. */
export function idleLimit(limits: PoolLimits, serverKeepAliveMs: number | undefined): number {
  if (serverKeepAliveMs === undefined) return limits.keepAliveExpiry;
  return Math.min(limits.keepAliveExpiry, Math.max(0, serverKeepAliveMs - SERVER_EXPIRY_MARGIN_MS));
}
