import type { Request } from "./request.ts";
import type { RequestContext } from "./request-context.ts";
import type { Response } from "./response.ts";

/**
 * Everything that carries a request, from the whole client down to the pool, is a Service: so each can be nested,
 * wrapped and faked. A response that comes back may still stream; it has ended when its body has (`body.whenSettled`).
 */
export interface Service {
  send(request: Request, context: RequestContext): Promise<Response>;
  /** Finishes what is under way, then frees everything. */
  close(): Promise<void>;
}

/** A policy around a service: retry, redirect, buffer … It knows only the service inside it. */
export type Layer = (inner: Service) => Service;
