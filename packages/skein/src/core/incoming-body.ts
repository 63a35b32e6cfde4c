import type { Headers } from "./headers.ts";

/** How a response's body ended: `undefined` when it was received whole, else why it was not. */
export type BodyOutcome = Error | undefined;

/** The way back of a connection that has left HTTP. */
export interface RawSink {
  /** Settles when the network takes more; rejects with CloseError when our side, or the connection, has ended. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our side behind what was written; the peer may go on. `sent` is called when all has been handed over. */
  end(sent?: () => void): void;
}

/**
 * The body of a response, while it comes in. Only one reader: `read`, or `collect`. Whoever does not want the rest
 * calls `cancel`, or the connection stays taken.
 */
export interface IncomingBody {
  /** The whole body, where it has arrived already (and nothing of it was read yet): no wait is needed. */
  readonly complete: Uint8Array | undefined;
  /** The same body before its content codings were taken off, where they are; it has one reader too. */
  readonly encoded?: IncomingBody;
  /** Where the server has left HTTP, as it was asked to: this body is all that comes over the connection from then on. */
  readonly raw?: RawSink;
  /** Trailer fields; empty until the body has ended. */
  readonly trailers: Headers;
  /** The next bytes, or undefined at the end. The array is the reader's own. Throws the error that ended the body. */
  read(): Promise<Uint8Array | undefined>;
  /** All the rest, in one array. Throws ResponseTooLarge beyond `maxBytes`, and cancels. */
  collect(maxBytes: number): Promise<Uint8Array>;
  /** Gives up the rest: the connection is closed (HTTP/1.1) or the stream reset (HTTP/2). */
  cancel(reason?: unknown): void;
  /** Calls `listener` once, when the body has ended, failed or been cancelled; at once if it has already. */
  whenSettled(listener: (outcome: BodyOutcome) => void): void;
}
