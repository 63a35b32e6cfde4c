import type { Headers } from "./headers.ts";

/** How a response's body ended: `undefined` when it was received whole, else why it was not. */
export type BodyOutcome = Error | undefined;

/**
 * The body of a response, while it comes in. Only one reader: `read`, or `collect`. Whoever does not want the rest
 * calls `cancel`, or the connection stays taken.
 */
export interface IncomingBody {
  /** The whole body, where it has arrived already (and nothing of it was read yet): no wait is needed. */
  readonly complete: Uint8Array | undefined;
  /** The same body before its content codings were taken off, where they are; it has one reader too. */
  readonly encoded?: IncomingBody;
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
