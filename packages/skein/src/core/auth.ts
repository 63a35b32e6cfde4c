import type { Request } from "./request.ts";
import type { Response } from "./response.ts";

/** Yields requests and is handed their responses; the response to the last one is the call's. */
export type AuthFlow = Generator<Request, void, Response> | AsyncGenerator<Request, void, Response>;

/**
 * How a client proves who it is. A flow does no IO of its own: it yields the request to send and receives its response, so
 * that one scheme works on every transport and is tested without one.
 *
 * @example
 * const apiKey: Auth = { *flow(request) { yield request.with({ headers: request.headers.with("X-Key", key) }); } };
 */
export interface Auth {
  flow(request: Request): AuthFlow;
}
