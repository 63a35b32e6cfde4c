import { AbortError } from "./errors.ts";

/** The timeouts in force for one call, in milliseconds; `Infinity` where there is none. */
export interface Timeouts {
  /** The whole call: queue, retries, redirects and body. */
  readonly total: number;
  /** Name resolution, TCP and TLS of a new connection. */
  readonly connect: number;
  /** No byte came from the server. */
  readonly read: number;
  /** No byte could be handed to the network. */
  readonly write: number;
  /** From the last byte sent to the end of the response's head. */
  readonly headers: number;
  /** Waiting for a connection. */
  readonly pool: number;
}

/** What the layers may do for one call. */
export interface CallPolicies {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Redirects that are followed; 0 returns the redirecting response itself. */
  readonly maxRedirects: number;
  /** Whether a redirect from https to http is followed (without credentials). */
  readonly downgrade: boolean;
}

/** What a call is made with; calls that say nothing of their own share one object of their client's. */
export interface CallSettings {
  readonly timeouts: Timeouts;
  readonly policies: CallPolicies;
  readonly streaming: boolean;
  readonly maxResponseBytes: number;
}

/**
 * What goes along with a call through all layers: its deadline, its cancellation and its limits. One object a call,
 * and no AbortSignal or timer unless the caller brought one: this is the hot path.
 */
export class RequestContext {
  readonly timeouts: Timeouts;
  readonly policies: CallPolicies;
  /** When the call must have ended, on the clock's monotonic time; `Infinity` where there is no total timeout. */
  deadline = Number.POSITIVE_INFINITY;
  /** Whether the caller reads the body itself; otherwise the buffer layer reads it below retry. */
  readonly streaming: boolean;
  /** The most bytes of a decoded body; beyond them the call fails with ResponseTooLarge. */
  readonly maxResponseBytes: number;
  /** Which try this is, from 1; layers that try again count it up. */
  attempt = 1;
  cancelled = false;
  cancelReason: unknown;
  /**
   * Whoever makes the call wait at this moment (the pool, a connection, a backoff) puts here how to stop it.
   * One holder at a time: the innermost.
   */
  onCancel: ((reason: unknown) => void) | undefined;

  constructor(call: CallSettings) {
    this.timeouts = call.timeouts;
    this.policies = call.policies;
    this.streaming = call.streaming;
    this.maxResponseBytes = call.maxResponseBytes;
  }

  /** Stops the call wherever it is. Does nothing when it has ended or was cancelled before. */
  cancel(reason: unknown): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.cancelReason = reason;
    const stop = this.onCancel;
    this.onCancel = undefined;
    stop?.(reason);
  }

  /** For those about to start something: throws when the call was cancelled. */
  throwIfCancelled(): void {
    if (this.cancelled) throw new AbortError(this.cancelReason);
  }
}
