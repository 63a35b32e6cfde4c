import { HandlerError } from "../../core/errors.ts";
import type { Headers } from "../../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../../core/incoming-body.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Transport } from "../../core/service.ts";
import { AppFailure } from "./app-connector.ts";

/** Around connections into an application: an error that it threw is told as such, not as a network's. */
export function tellingAppErrors(inner: Transport): Transport {
  return {
    async send(request: Request, context: RequestContext): Promise<Response> {
      try {
        const response = await inner.send(request, context);
        response.body = new AppBody(response.body);
        return response;
      } catch (error) {
        throw appError(error);
      }
    },
    close: () => inner.close(),
    destroy: reason => inner.destroy?.(reason),
  };
}

function appError<E>(error: E): E | HandlerError {
  const isTheirs = error instanceof Error && error.cause instanceof AppFailure;
  return isTheirs ? new HandlerError("the application", (error.cause as AppFailure).cause) : error;
}

/** The body of an application that may throw in the middle of it. */
class AppBody implements IncomingBody {
  readonly #inner: IncomingBody;

  constructor(inner: IncomingBody) {
    this.#inner = inner;
  }

  get complete(): Uint8Array | undefined {
    return this.#inner.complete;
  }

  get trailers(): Headers {
    return this.#inner.trailers;
  }

  async read(): Promise<Uint8Array | undefined> {
    return this.#inner.read().catch(rethrow);
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    return this.#inner.collect(maxBytes).catch(rethrow);
  }

  cancel(reason?: unknown): void {
    this.#inner.cancel(reason);
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    this.#inner.whenSettled(outcome => listener(appError(outcome)));
  }
}

function rethrow(error: unknown): never {
  throw appError(error);
}
