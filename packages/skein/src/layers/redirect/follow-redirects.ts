import type { Clock } from "../../core/clock.ts";
import { AbortError, HandlerError, isSkeinError, TooManyRedirects } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { CallEvents, CallPolicies, RedirectEvent, RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Service } from "../../core/service.ts";
import { discardBody } from "../discard-body.ts";
import { HopAttempts } from "./hop-attempts.ts";
import { isRedirect } from "./is-redirect.ts";
import { locationOf, nextRequest } from "./next-request.ts";

/** A response, and the request as it was before the layers below added to it. */
interface Exchanged {
  readonly request: Request;
  readonly response: Response;
}

/**
 * The response that a redirecting one leads to (RFC 9110 §15.4), with those on the way to it in `history`.
 *
 * @throws TooManyRedirects, RedirectRefused, BodyNotReplayable; RemoteProtocolError when Location is not a URL
 */
export async function followRedirects(
  first: Exchanged,
  context: RequestContext,
  { inner, clock }: { inner: Service; clock: Clock },
): Promise<Response> {
  if (context.policies.maxRedirects === 0) return unfollowed(first, context);
  const history: Response[] = [];
  const tries = new HopAttempts(clock, context);
  let { response, request: sent } = first;
  while (isRedirect(response)) {
    history.push(response);
    tries.add(response);
    await discardBody(response, clock);
    if (context.cancelled) throw new AbortError(context.cancelReason, { phase: "redirect" });
    if (history.length > context.policies.maxRedirects) throw tooMany(history);
    sent = requestAfter({ request: sent, response }, context.policies);
    context.stage = "redirected";
    if (context.events?.redirect !== undefined) await tell(context.events, { response, nextRequest: sent });
    response = await inner.send(sent, context).catch(error => tries.fail(error));
  }
  tries.end(response);
  response.history = history;
  return response;
}

/** The redirecting response itself; it tells what would have come next. */
function unfollowed({ request, response }: Exchanged, { policies }: RequestContext): Response {
  response.leadTo(() => requestAfter({ request, response }, policies));
  return response;
}

function requestAfter({ request, response }: Exchanged, policies: CallPolicies): Request {
  return nextRequest(request, { status: response.status, location: locationOf(response) }, policies);
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
