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

/** What stands at the bottom of a client: its pool of connections, or what is given as `transport`. */
export interface Transport extends Service {
  /** Ends what is under way at once; where it is missing, a client's `destroy()` calls `close()`. */
  destroy?(reason?: unknown): void;
  /** How many requests can have a connection of their own now; where it is missing, as many as the client's limits say. */
  readonly room?: number;
  /** Whether it says by itself what codings it takes, and takes them off: then the client does neither. */
  readonly decodes?: boolean;
  /** Options that it can't honour, such as `timeout.connect`: a client that is given one refuses it by name. */
  readonly unsupported?: readonly string[];
}
