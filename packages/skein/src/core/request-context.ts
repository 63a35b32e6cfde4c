import type { Auth } from "./auth.ts";
import type { DefaultEncoding } from "./charset.ts";
import { AbortError, HandlerError, type SkeinError } from "./errors.ts";
import type { ParseJson } from "./json.ts";
import type { CallProgress } from "./progress.ts";
import type { Request } from "./request.ts";
import type { BodyReading, Response } from "./response.ts";
import type { ExchangeRecord } from "./timings.ts";
import type { Trace, TraceEventName, TraceInfo, TraceSink } from "./trace.ts";
import type { Origin } from "./url.ts";

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
  /** Whether those after the first are paid from the client's retry budget. */
  readonly spendsBudget: boolean;
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
  /** Whether a status that is not 2xx fails the call. */
  readonly raiseForStatus: boolean;
  readonly defaultEncoding: DefaultEncoding | undefined;
  readonly parseJson: ParseJson | undefined;
  /** Functions of the user's that are told what layers do; undefined when there are none. */
  readonly events: CallEvents | undefined;
  readonly auth?: CallAuth | undefined;
  /** Functions of the user's that are told of the bytes on their way. */
  readonly progress?: CallProgress | undefined;
  /** Receives the body in the place of memory; see `BodyReceiver`. */
  readonly receiver?: BodyReceiver | undefined;
  /** The call's own cookies, name → value; null turns cookies off. */
  readonly cookies?: Readonly<Record<string, string>> | null | undefined;
  /** A function of the user's that is told of each step. */
  readonly trace?: Trace | undefined;
  /** Whether a cache is left out of it. */
  readonly bypassesCache?: boolean | undefined;
  /** Whether the server is asked to leave HTTP, and the caller takes the connection. Default: false. */
  readonly raw?: boolean | undefined;
  /** Which calls go first where not all can. Default: 0. */
  readonly priority?: number | undefined;
  /** The logger's part of the same: wire detail. */
  readonly wireLog?: Trace | undefined;
}

/**
 * Receives the body of a response below retry, as memory does for other calls: a body that is cut is a failed attempt, and
 * the next one may ask for the rest alone.
 */
export interface BodyReceiver {
  /** Sends the request, changed as it needs, and takes the body of what it accepts; the others are left as they are. */
  receive(request: Request, send: (request: Request) => Promise<Response>): Promise<Response>;
}

/** How a call proves who it is, and to whom. */
export interface CallAuth {
  readonly auth: Auth;
  /** The only origin that may know, that of a base URL; undefined: the one where the call begins. */
  readonly origin: Origin | undefined;
  /** Whether it was given with the call itself: then it replaces an authorization field of the request. */
  readonly isOwn: boolean;
}

/** What layers tell while a call is under way. A function that throws fails the call. */
export interface CallEvents {
  /** Before the wait for another attempt. */
  retry?(event: RetryEvent): void | Promise<void>;
  /** Before a redirect is followed. */
  redirect?(event: RedirectEvent): void | Promise<void>;
}

export interface RetryEvent {
  readonly request: Request;
  /** What the attempt ended with: an error, or a response whose status is tried again. */
  readonly error: SkeinError | undefined;
  readonly response: Response | undefined;
  /** The number of the attempt that failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
}

export interface RedirectEvent {
  /** The response that redirects. */
  readonly response: Response;
  /** The request that will be sent. */
  readonly nextRequest: Request;
}

/**
 * What goes along with a call through all layers: its deadline, its cancellation and its limits. One object a call,
 * and no AbortSignal or timer unless the caller brought one: this is the hot path.
 */
export class RequestContext {
  readonly #call: CallSettings;
  readonly timeouts: Timeouts;
  readonly policies: CallPolicies;
  /** When the call began, on the clock's monotonic time. */
  startedAt = 0;
  /** When the call must have ended, on the clock's monotonic time; `Infinity` where there is no total timeout. */
  deadline = Number.POSITIVE_INFINITY;
  /** Whether the caller reads the body itself; otherwise the buffer layer reads it below retry. */
  readonly streaming: boolean;
  /** The most bytes of a decoded body; beyond them the call fails with ResponseTooLarge. */
  readonly maxResponseBytes: number;
  readonly bypassesCache: boolean;
  /** How the body is read, where the call says something of it. */
  readonly reading: BodyReading | undefined;
  readonly raw: boolean;
  readonly events: CallEvents | undefined;
  readonly auth: CallAuth | undefined;
  readonly cookies: Readonly<Record<string, string>> | null | undefined;
  readonly progress: CallProgress | undefined;
  readonly receiver: BodyReceiver | undefined;
  /** Where the call began, as the first layer that asked has seen it. */
  home: Origin | undefined;
  /** Whether a redirect has led the call to another origin. */
  hasLeftHome = false;
  /** For `ResponsePromise.state`: that a layer lets it wait for its next try, or that a redirect is followed. */
  stage: "waiting" | "redirected" | undefined;
  /** Which try this is, from 1; layers that try again count it up. */
  attempt = 1;
  /** Tells of each step on the wire; undefined where nobody listens, which is all that it then costs. */
  readonly trace: TraceSink | undefined;
  /** What was measured of the request that is, or was, under way last. */
  record: ExchangeRecord | undefined;
  /** What a trace function threw: the call fails with it. */
  traceFailure: HandlerError | undefined;
  /** A second request beside one that is under way: layers refuse it where it would have to wait. */
  isSpare = false;
  cancelled = false;
  cancelReason: unknown;
  /**
   * Whoever makes the call wait at this moment (the pool, a connection, a backoff) puts here how to stop it.
   * One holder at a time: the innermost.
   */
  onCancel: ((reason: unknown) => void) | undefined;

  constructor(call: CallSettings) {
    this.#call = call;
    this.timeouts = call.timeouts;
    this.policies = call.policies;
    this.streaming = call.streaming;
    this.maxResponseBytes = call.maxResponseBytes;
    this.bypassesCache = call.bypassesCache === true;
    this.reading = call.defaultEncoding === undefined && call.parseJson === undefined ? undefined : call;
    this.raw = call.raw === true;
    this.events = call.events;
    this.auth = call.auth;
    this.cookies = call.cookies;
    this.progress = call.progress;
    this.receiver = call.receiver;
    const { trace, wireLog } = call;
    this.trace = trace === undefined && wireLog === undefined ? undefined : this.#sink(trace, wireLog);
  }

  /** Which calls go first where not all can: the higher number. */
  get priority(): number {
    return this.#call.priority ?? 0;
  }

  /**
   * For layers that add credentials to a hop: whether the call is still at the origin where it began. Once it has left,
   * they stay behind for good: whoever leads it away and back must not choose what it asks for there in our name.
   */
  isAtHome(origin: Origin): boolean {
    this.home ??= origin;
    if (origin.key !== this.home.key) this.hasLeftHome = true;
    return !this.hasLeftHome;
  }

  /**
   * A context for a request made on behalf of this call, that can be cancelled by itself; cancelling this one does not reach it,
   * unless who made it sees to that. What was measured is noted there.
   */
  fork(): RequestContext {
    const fork = new RequestContext(this.#call);
    fork.startedAt = this.startedAt;
    fork.deadline = this.deadline;
    fork.home = this.home;
    fork.hasLeftHome = this.hasLeftHome;
    fork.attempt = this.attempt;
    return fork;
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

  #sink(...listeners: readonly (Trace | undefined)[]): TraceSink {
    return (name: TraceEventName, time: number, info: TraceInfo) => {
      try {
        for (const listener of listeners) listener?.({ name, time, info });
      } catch (cause) {
        this.traceFailure ??= new HandlerError("trace", cause);
        // Not from within: who tells of a step is in the middle of it.
        queueMicrotask(() => this.cancel(this.traceFailure));
      }
    };
  }

  /** For those about to start something: throws when the call was cancelled. */
  throwIfCancelled(): void {
    if (this.cancelled) throw new AbortError(this.cancelReason);
  }
}
