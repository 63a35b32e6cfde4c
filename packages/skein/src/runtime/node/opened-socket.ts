import type { Socket } from "node:net";

/** How Node reads into a buffer of ours. */
export interface OnRead {
  buffer: Uint8Array;
  callback(length: number, buffer: Uint8Array): boolean;
}

/** A socket that is being opened. */
export interface Opened {
  readonly socket: Socket;
  /** The event with which it can be used. */
  readonly connected: "connect" | "secureConnect";
  /** Why it must not be used although it is open, if so. */
  readonly refusal?: () => Error | undefined;
  /** Whether to open it once more: what failed with this error may succeed now. */
  readonly opensAgain?: (error: Error) => boolean;
}

/**
 * Node copies what it is given into ordinary objects, and looks up in them what it was not given: whatever stands on
 * `Object.prototype` would then decide where to (`path` is a socket of this machine), and from where.
 */
export const NOT_GIVEN = {
  path: undefined,
  fd: undefined,
  handle: undefined,
  lookup: undefined,
  hints: undefined,
  family: undefined,
  localAddress: undefined,
  localPort: undefined,
  signal: undefined,
  timeout: undefined,
};
