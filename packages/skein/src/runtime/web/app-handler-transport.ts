import { ClientClosed, HandlerError, InvalidOption, isSkeinError } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Transport } from "../../core/service.ts";
import { CallWatch, WITHOUT_SOCKETS } from "./call-watch.ts";
import { webClock } from "./web-clock.ts";
import { webBody, webRequestInit } from "./web-request.ts";
import { fromWebResponse, type WebResponse } from "./web-response.ts";

/** A `fetch`-style handler, as Hono, Workers, Bun and Deno have them. */
export type FetchHandler = (request: globalThis.Request) => WebResponse | Promise<WebResponse>;

export interface AppErrorOptions {
  /**
   * What an error that the application throws becomes: a HandlerError of the call, with the error as its cause (true),
   * or what a server would make of it, a 500 (false). Default: true.
   */
  raiseAppErrors?: boolean;
}

/** Calls a `fetch`-style handler without a socket. */
export function fetchHandlerTransport(handler: FetchHandler, options: AppErrorOptions = {}): Transport {
  return new FetchHandlerTransport(handler, options.raiseAppErrors ?? true);
}

class FetchHandlerTransport implements Transport {
  readonly unsupported = WITHOUT_SOCKETS;
  readonly #handler: FetchHandler;
  readonly #raises: boolean;
  #closed = false;

  constructor(handler: FetchHandler, raises: boolean) {
    this.#handler = handler;
    this.#raises = raises;
  }

  async send(request: Request, context: RequestContext): Promise<Response> {
    if (this.#closed) throw new ClientClosed();
    const watch = new CallWatch(context, webClock);
    try {
      const response = await watch.forHead(this.#answer(incoming(request, watch.signal)), false);
      return fromWebResponse(withoutBodyWhere(request.method, response), request, watch);
    } catch (error) {
      watch.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #answer(request: globalThis.Request): Promise<WebResponse> {
    let response: WebResponse;
    try {
      response = await this.#handler(request);
    } catch (error) {
      if (this.#raises) throw new HandlerError("the application", error);
      return new globalThis.Response("Internal Server Error", { status: 500 });
    }
    if (typeof response?.status === "number" && "headers" in response) return response;
    throw new InvalidOption(`appTransport: the application answered with ${typeof response}, not a Response`);
  }
}

/** The request as the application gets it, with the fields that a server would have read from the wire. */
function incoming(request: Request, signal: AbortSignal): globalThis.Request {
  const init = webRequestInit(request, webBody(request, signal), signal);
  const headers = init.headers as Headers;
  if (!headers.has("host")) headers.set("host", request.url.origin.host);
  const length = request.body?.length;
  if (length !== undefined) headers.set("content-length", String(length));
  try {
    return new globalThis.Request(request.url.href, init);
  } catch (cause) {
    if (isSkeinError(cause)) throw cause;
    throw new InvalidOption(`appTransport: ${request} can't be handed over: ${(cause as Error).message}`);
  }
}

/** A server drops what a handler gives for HEAD. */
function withoutBodyWhere(method: string, response: WebResponse): WebResponse {
  if (method !== "HEAD" || response.body === null) return response;
  const { status, statusText, headers, body } = response;
  void body.cancel().catch(() => undefined);
  return { status, statusText, headers, body: null };
}
