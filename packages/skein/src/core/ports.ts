import type { Clock } from "./clock.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Files } from "./files.ts";
import type { IncomingBody } from "./incoming-body.ts";
import type { Logger } from "./logger.ts";
import type { Origin } from "./url.ts";

/**
 * What the floors need of a runtime. `runtime/` implements these, `entry/` hands them in: so the same client runs on
 * sockets, in a page, and against scripted sockets in tests.
 */
export interface RuntimePorts {
  readonly clock: Clock;
  readonly connector: Connector;
  readonly decompressor: Decompressor;
  readonly text: TextPort;
  /** Where tools may look on. */
  readonly diagnostics?: Diagnostics | undefined;
  /** The logger that the environment asks for (SKEIN_LOG). */
  readonly environmentLogger?: (() => Logger | undefined) | undefined;
  readonly files: Files;
}

/** How this client trusts servers. */
export interface TlsOptions {
  /** Certificates of authorities, PEM, in the place of the runtime's own. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** `false` accepts any certificate. Default: true. */
  readonly verify?: boolean | undefined;
}

/** Opens sockets. The settings that make two sockets differ (TLS, say) belong to the connector, not to the call. */
export interface Connector {
  connect(origin: Origin, events: SocketEvents): Socket;
}

/** A socket, encrypted or not. It does not keep the process alive: the pool's timer does, while calls are in flight. */
export interface Socket {
  /** Hands over latin1 text or bytes; false when the network takes no more for now (then `onDrain` follows). */
  write(data: string | Uint8Array): boolean;
  /** The two in one write. */
  writeBoth(head: string, body: Uint8Array): boolean;
  /** Stops `onBytes`, after at most what the runtime has read already. */
  pause(): void;
  resume(): void;
  /** Closes at once. No event follows but `onClose`. */
  destroy(): void;
  /** `10.0.0.7:443`, once connected. */
  readonly peer: string | undefined;
}

export interface SocketEvents {
  /** A step of opening it begins; for those who measure. A step that is not needed (an address has no name) is left out. */
  onStep?(step: OpeningStep): void;
  onConnect(): void;
  /** Valid only during the call: the buffer is used again for the next read. */
  onBytes(buffer: Uint8Array, length: number): void;
  onDrain(): void;
  /** The other side has sent its last byte. */
  onEof(): void;
  /** Exactly once, and last. `failure` is the runtime's error, if one ended the socket. */
  onClose(failure: SocketFailure | undefined): void;
}

export type OpeningStep = "resolve" | "connect" | "tls";

/** A runtime's error, sorted: what floors decide on is `kind`; `reason` is for people. */
export interface SocketFailure {
  readonly kind: "refused" | "unreachable" | "dns" | "tls" | "certificate" | "reset" | "files" | "other";
  /** A clause for the message: "connection refused by 10.0.0.7:443". */
  readonly reason: string;
  readonly cause: unknown;
}

export interface TextPort {
  /** Bytes as latin1 text: one character a byte. */
  latin1(bytes: Uint8Array, start: number, end: number): string;
}

/** Takes content codings off. */
export interface Decompressor {
  /** The codings that this runtime decodes soundly, as an accept-encoding value: `gzip, deflate, br`. */
  readonly accepts: readonly string[];
  /**
   * The decoded body. `codings` are those of the content-encoding field in the order they were applied, all of them in
   * `accepts`. Truncated, corrupt or trailing input ends it in DecodingError; a TimeoutError that it is cancelled with, in that.
   */
  decompress(body: IncomingBody, codings: readonly string[]): IncomingBody;
}

export type HashAlgorithm = "md5" | "sha-256" | "sha-512-256";

/** Hashes bytes; the result is in lower-case hexadecimal digits. What a runtime can't do, it rejects. */
export type Hash = (algorithm: HashAlgorithm, bytes: Uint8Array) => Promise<string>;
