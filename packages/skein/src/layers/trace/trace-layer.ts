import type { Clock } from "../../core/clock.ts";
import type { Diagnostics } from "../../core/diagnostics.ts";
import { HandlerError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { errorMessage, logFailure, logResponse, responseMessage, startMessage } from "./call-report.ts";

export interface TraceLayerOptions {
  readonly clock: Clock;
  readonly loggers: readonly Logger[];
  readonly diagnostics: Diagnostics | undefined;
}

/**
 * Tells how calls begin and end: a line each to the loggers, and messages to a runtime's diagnostics while anybody looks
 * on. It is the outermost layer: it sees a call once, however many redirects and attempts it takes. A streamed call ends
 * with its body. A logger that throws fails the call, as a hook does; of a streamed call, which is over by then, the failure
 * goes to the diagnostics.
 */
export function traceLayer(options: TraceLayerOptions): Layer {
  return inner => new TraceService(inner, options);
}

let calls = 0;

class TraceService implements Service {
  readonly #inner: Service;
  readonly #options: TraceLayerOptions;

  constructor(inner: Service, options: TraceLayerOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    const { loggers, diagnostics } = this.#options;
    const isWatched = loggers.length > 0 || diagnostics?.hasSubscribers === true;
    return isWatched ? this.#watch(request, context) : this.#inner.send(request, context);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #watch(request: Request, context: RequestContext): Promise<Response> {
    const { clock, diagnostics } = this.#options;
    const call = { id: ++calls, request, context, startedAt: clock.now() };
    diagnostics?.publish("start", startMessage(call));
    let response: Response;
    try {
      response = await this.#inner.send(request, context);
    } catch (error) {
      this.#failed(call, error);
      throw error;
    }
    if (response.hasContent) this.#ended(call, response);
    else response.body.whenSettled(failure => this.#settled(call, response, failure));
    return response;
  }

  /** Whoever let the body end must not meet what a logger throws. */
  #settled(call: WatchedCall, response: Response, failure: Error | undefined): void {
    try {
      if (failure) this.#failed(call, failure);
      else this.#ended(call, response);
    } catch (error) {
      const ms = this.#options.clock.now() - call.startedAt;
      this.#options.diagnostics?.publish("error", errorMessage(call, error, ms));
    }
  }

  #ended(call: WatchedCall, response: Response): void {
    const ms = this.#options.clock.now() - call.startedAt;
    this.#options.diagnostics?.publish("end", responseMessage(call, response, ms));
    telling(() => logResponse(this.#options.loggers, { call, response, ms }));
  }

  #failed(call: WatchedCall, error: unknown): void {
    const ms = this.#options.clock.now() - call.startedAt;
    this.#options.diagnostics?.publish("error", errorMessage(call, error, ms));
    telling(() => logFailure(this.#options.loggers, { call, error, ms }));
  }
}

/** A call that is told of. */
export interface WatchedCall {
  /** Tells the calls of a process apart. */
  readonly id: number;
  readonly request: Request;
  readonly context: RequestContext;
  readonly startedAt: number;
}

function telling(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    throw new HandlerError("the logger", error);
  }
}
