import { BodyNotReplayable, isSkeinError, RedirectRefused, RemoteProtocolError } from "../../core/errors.ts";
import type { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import type { CallPolicies } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import { Url } from "../../core/url.ts";
import { isHarmlessElsewhere } from "./harmless-fields.ts";

/**
 * What the request after a redirect is. Pure: RFC 9110 §15.4 for the method, the WHATWG Fetch standard for the body's
 * headers; and for the others an allow-list, since a list of what is secret is never complete.
 */

/** What describes a body and makes no sense without one, besides `content-*`. */
const BODY_HEADERS = new Set(["digest", "expect", "repr-digest", "trailer", "transfer-encoding"]);

export interface Redirect {
  readonly status: number;
  readonly location: string;
}

/**
 * Where a redirect leads.
 *
 * @throws RemoteProtocolError when it names several places
 */
export function locationOf({ headers }: Response): string {
  const [location = "", ...others] = new Set(headers.getList("location"));
  if (others.length > 0) throw invalidLocation("it names several places");
  return location;
}

/** The request that follows `request` after a redirect. */
export function nextRequest(
  request: Request,
  redirect: Redirect,
  policies: Pick<CallPolicies, "downgrade">,
): Request {
  const resolved = resolveLocation(request.url, redirect.location);
  const isElsewhere = resolved.origin.key !== request.url.origin.key;
  if (request.url.origin.scheme === "https" && resolved.origin.scheme === "http" && !policies.downgrade) {
    throw refused(`from ${request.url.origin.key} to ${resolved.origin.key}, which is not encrypted`);
  }
  const method = methodAfter(redirect.status, request.method);
  const keepsBody = method === request.method;
  if (keepsBody && !request.isReplayable) {
    throw new BodyNotReplayable(
      `the redirect (${redirect.status}) asks to send the body again, to ${resolved.origin.key}, but it was a stream that has been read; give a function that makes the stream`,
    );
  }
  return request.with({
    method,
    url: isElsewhere ? withoutUserinfo(resolved) : withUserinfo(resolved, request.url),
    headers: headersAfter(request.headers, { isElsewhere, keepsBody }),
    body: keepsBody ? request.body : undefined,
    leftFrom: request.leftFrom ?? (isElsewhere ? request.url.origin : undefined),
  });
}

/** 303 asks for GET; for 301 and 302, a POST becomes GET as it always has (RFC 9110 §15.4.2, note). */
function methodAfter(status: number, method: string): string {
  if (status === 303) return method === "HEAD" ? "HEAD" : "GET";
  return (status === 301 || status === 302) && method === "POST" ? "GET" : method;
}

function headersAfter(headers: Headers, hop: { isElsewhere: boolean; keepsBody: boolean }): Headers {
  if (!hop.isElsewhere && hop.keepsBody) return headers;
  return headers.filter(name => {
    if (name.startsWith("content-") || BODY_HEADERS.has(name)) return hop.keepsBody;
    return !hop.isElsewhere || isHarmlessElsewhere(name);
  });
}

function resolveLocation(base: Url, location: string): Url {
  try {
    return base.resolve(percentEncoded(location));
  } catch (error) {
    if (!isSkeinError(error)) throw error;
    const shown = describe(location);
    if (error.code === "UNSUPPORTED_PROTOCOL") throw refused(`to ${shown}; only http and https are followed`);
    throw invalidLocation(`${shown} is not a URL`);
  }
}

/** Field values are latin1 text: what looks like "Ã¼" are the bytes of a URL that its server did not encode. */
function percentEncoded(location: string): string {
  return location.replace(/[\x80-\xff]/g, byte => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** For a message: without what may be secret (user name, password, query), and not at length. */
function describe(location: string): string {
  const [shown = ""] = location.replace(/\/\/[^/?#]*@/, "//***@").split(/[?#]/, 1);
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown);
}

function withUserinfo(url: Url, previous: Url): Url {
  if (url.userinfo !== undefined || previous.userinfo === undefined) return url;
  return new Url(url.origin, url.target, { hash: url.hash, userinfo: previous.userinfo });
}

function withoutUserinfo(url: Url): Url {
  return url.userinfo === undefined
    ? url
    : new Url(url.origin, url.target, { hash: url.hash, userinfo: undefined });
}

function refused(reason: string): RedirectRefused {
  return new RedirectRefused("REDIRECT_REFUSED", `redirect refused: ${reason}`, {
    phase: "redirect",
    requestSent: "full",
  });
}

function invalidLocation(reason: string): RemoteProtocolError {
  return new RemoteProtocolError("INVALID_RESPONSE", `the redirect's Location is no use: ${reason}`, {
    phase: "redirect",
    requestSent: "full",
  });
}
