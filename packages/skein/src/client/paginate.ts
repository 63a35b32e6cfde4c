import type { Clock } from "../core/clock.ts";
import { type Deadline, timeLeft } from "../core/deadline.ts";
import { InvalidOption, RemoteProtocolError } from "../core/errors.ts";
import { requireCount } from "../core/option-names.ts";
import type { Request } from "../core/request.ts";
import type { CallPolicies } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import { nextRequest } from "../layers/redirect/next-request.ts";
import { type BodilessOptions, buildRequest } from "./build-request.ts";
import { Call } from "./call.ts";
import { overrideCall } from "./call-options.ts";
import type { ClientAccess } from "./client-access.ts";
import type { BodyOptions } from "./request-body.ts";

/** Where the page after this one is, relative to its URL; nothing when it is the last. */
export type NextPage = (
  response: Response,
) => string | URL | null | undefined | Promise<string | URL | null | undefined>;

export type PaginateOptions = PageOptions &
  Omit<BodilessOptions, "fallback" | "raiseForStatus"> &
  BodyOptions;

interface PageOptions {
  /** Default: GET. */
  method?: string;
  /** Default: the link with rel=next of the Link header (RFC 8288). */
  next?: NextPage;
  /** Pages that are fetched at most. Default: all. */
  maxPages?: number;
}

/** How the client sends the pages. */
interface PageSource {
  readonly first: Request;
  readonly policies: Pick<CallPolicies, "downgrade">;
  /** `elsewhere`: at another origin than the first page, so without the client's credentials. */
  send(request: Request, elsewhere: boolean): Promise<Response>;
}

/** The pages of a URL, through a client's layers. Nothing is sent before they are iterated. */
export function openPages(
  client: ClientAccess,
  url: string | URL,
  options: PaginateOptions,
): AsyncGenerator<Response, void, undefined> {
  const { method = "GET", next, maxPages, ...given } = options;
  // All pages have the same end.
  const rest = { ...given, deadline: atMoment(given.deadline, client.ports.clock) };
  const { buffered } = client.settings;
  const first = buildRequest(client.settings, method, { url, options: rest });
  const send = (built: Request, elsewhere: boolean) => {
    const own = elsewhere ? { ...rest, auth: null, cookies: null } : rest;
    return client.run(new Call(method, { url, options: own, built }), buffered);
  };
  return paginate({ first, policies: overrideCall(buffered, rest).policies, send }, { next, maxPages });
}

/**
 * The pages, each fetched when it is asked for. What a next page at another origin may carry is what a redirect there
 * might (layers/redirect/next-request.ts); once left, credentials stay behind.
 */
async function* paginate(
  source: PageSource,
  options: { next: NextPage | undefined; maxPages: number | undefined },
): AsyncGenerator<Response, void, undefined> {
  const next = options.next ?? nextLink;
  const most = requireCount(options.maxPages ?? Number.POSITIVE_INFINITY, "maxPages", 1);
  const seen = new Set<string>();
  const home = source.first.url.origin.key;
  let request = source.first;
  let elsewhere = false;
  for (let page = 1; ; page += 1) {
    seen.add(request.url.href);
    elsewhere ||= request.url.origin.key !== home;
    const response = (await source.send(request, elsewhere)).raiseForStatus();
    yield response;
    if (page === most) return;
    const location = await next(response);
    if (location === null || location === undefined) return;
    request = pageAfter(response, location, { request, policies: source.policies });
    if (seen.has(request.url.href)) throw circle(request, page);
  }
}

function pageAfter(
  response: Response,
  location: string | URL,
  { request, policies }: { request: Request; policies: PageSource["policies"] },
): Request {
  const href = typeof location === "string" ? location : location.href;
  if (typeof href !== "string") throw new InvalidOption("next: expected a URL, or null after the last page");
  // Relative to where the page came from, after redirects; what it may carry is judged from where it was asked for.
  const target = response.request.url.resolve(href);
  return nextRequest(request, { status: 307, location: target.href }, policies);
}

function nextLink({ links }: Response): string | undefined {
  const { next } = links;
  // A link with an anchor speaks of another resource (RFC 8288 §3.2).
  return next === undefined || "anchor" in next.params ? undefined : next.url;
}

function circle(request: Request, page: number): RemoteProtocolError {
  const reason = `the pages go in a circle: the one after page ${page} is ${request.url.origin.key}${request.url.target.split("?", 1)[0]}, which was fetched before`;
  return new RemoteProtocolError("INVALID_RESPONSE", reason, { phase: "headers", requestSent: "full" });
}

/** A duration becomes a moment, for calls that are made one after the other until then. */
function atMoment(deadline: Deadline | null | undefined, clock: Pick<Clock, "wallNow">): Date | undefined {
  const left = timeLeft(deadline, clock);
  return left === Number.POSITIVE_INFINITY ? undefined : new Date(clock.wallNow() + left);
}
