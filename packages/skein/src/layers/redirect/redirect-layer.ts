import type { Clock } from "../../core/clock.ts";
import { AbortError, HandlerError, isSkeinError, TooManyRedirects } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { CallEvents, RedirectEvent, RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { discardBody } from "../discard-body.ts";
import { isRedirect, locationOf, nextRequest } from "./next-request.ts";

/**
 * Follows redirects (RFC 9110 §15.4), as many as `context.policies.maxRedirects` says; what the next request may carry
 * is decided in next-request.ts. The final response lists those that led to it in `history`.
 *
 * @throws TooManyRedirects, RedirectRefused, BodyNotReplayable; RemoteProtocolError when Location is not a URL
 */
export function redirectLayer(clock: Clock): Layer {
  return inner => new RedirectService(inner, clock);
}

class RedirectService implements Service {
  readonly #inner: Service;
  readonly #clock: Clock;

  constructor(inner: Service, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    return this.#inner.send(request, context).then(response => {
      if (!isRedirect(response) || context.policies.maxRedirects === 0) return response;
      return this.#follow(response, request, context);
    });
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #follow(first: Response, request: Request, context: RequestContext): Promise<Response> {
    const history: Response[] = [];
    let response = first;
    let sent = request;
    while (isRedirect(response)) {
      history.push(response);
      await discardBody(response, this.#clock);
      if (context.cancelled) throw new AbortError(context.cancelReason, { phase: "redirect" });
      if (history.length > context.policies.maxRedirects) throw tooMany(history);
      const redirect = { status: response.status, location: locationOf(response) };
      sent = nextRequest(sent, redirect, context.policies);
      if (context.events?.redirect !== undefined) await tell(context.events, { response, nextRequest: sent });
      response = await this.#inner.send(sent, context);
    }
    response.history = history;
    return response;
  }
}

async function tell(events: CallEvents, event: RedirectEvent): Promise<void> {
  try {
    await events.redirect?.(event);
  } catch (error) {
    throw isSkeinError(error) ? error : new HandlerError("hooks.redirect", error);
  }
}

function tooMany(history: readonly Response[]): TooManyRedirects {
  const urls = history.map(response => response.url);
  const circle = new Set(urls).size < urls.length ? ", which go in a circle" : "";
  const reason = `more than ${history.length - 1} redirects${circle}${lostCookies(history)}`;
  return new TooManyRedirects("TOO_MANY_REDIRECTS", reason, { phase: "redirect", requestSent: "full" });
}

/** The usual reason of a loop: a server that waits for the cookie that it has set. */
function lostCookies(history: readonly Response[]): string {
  const setAt = history.findIndex(response => response.headers.has("set-cookie"));
  const isLost = setAt >= 0 && !history.slice(setAt + 1).some(({ request }) => request.headers.has("cookie"));
  return isLost ? " and set cookies that were not sent back" : "";
}
