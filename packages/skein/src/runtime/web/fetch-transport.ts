import { ClientClosed, InvalidOption, isSkeinError, RedirectRefused } from "../../core/errors.ts";
import { checkNames } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Transport } from "../../core/service.ts";
import { parseUrl } from "../../core/url.ts";
import { CallWatch, WITHOUT_SOCKETS } from "./call-watch.ts";
import { fetchFailure } from "./fetch-failure.ts";
import { webClock } from "./web-clock.ts";
import { bufferedBody, type WebBody, webBody, webRequestInit } from "./web-request.ts";
import { fromWebResponse } from "./web-response.ts";

/** What goes to the platform's fetch as it stands; see the WHATWG Fetch standard, `RequestInit`. */
export interface WebOptions {
  /** Whether cookies and the like go along: `"omit"`, `"same-origin"` (a page's default) or `"include"`. */
  credentials?: RequestCredentials;
  mode?: RequestMode;
  cache?: RequestCache;
  /** Lets the request outlive the page. */
  keepalive?: boolean;
  priority?: RequestPriority;
}

export interface FetchTransportOptions extends WebOptions {
  /** Default: the global `fetch`, looked up at each call, so that it can be mocked. */
  fetch?: typeof globalThis.fetch;
}

const WEB_NAMES = ["credentials", "mode", "cache", "keepalive", "priority"] as const;

/**
 * The platform's `fetch` in the place of Skein's own connections: what a page and the edge have, and on Node what tools
 * that mock or trace the built-in `fetch` (MSW, nock) hook into; over Skein's own connections they see nothing. Timeouts,
 * retries, batches and errors stay Skein's.
 *
 * The platform pools connections, decodes bodies, and in a page also follows redirects: so `tls`, the connections'
 * `limits` and the timeouts `connect`, `write` and `pool` are refused.
 *
 * @throws InvalidOption when an option is unknown
 * @example
 * const client = new Client({ transport: fetchTransport({ credentials: "include" }) });
 */
export function fetchTransport(options: FetchTransportOptions = {}): Transport {
  checkNames(options, [...WEB_NAMES, "fetch"], "fetchTransport");
  if (options.fetch !== undefined && typeof options.fetch !== "function")
    throw new InvalidOption("fetchTransport: fetch: expected a function");
  return new FetchTransport(options);
}

class FetchTransport implements Transport {
  readonly decodes = true;
  readonly unsupported: readonly string[] = [...WITHOUT_SOCKETS, ...(inPage() ? NOT_IN_A_PAGE : [])];
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #passed: WebOptions;
  readonly #watches = new Set<CallWatch>();
  readonly #idle: (() => void)[] = [];
  #closed = false;

  constructor({ fetch, ...passed }: FetchTransportOptions) {
    this.#fetch = fetch;
    this.#passed = passed;
  }

  async send(request: Request, context: RequestContext): Promise<Response> {
    if (this.#closed) throw new ClientClosed();
    const watch = new CallWatch(context, webClock);
    this.#watches.add(watch);
    try {
      const response = await this.#exchange(request, context, watch);
      response.body.whenSettled(() => this.#leave(watch));
      return response;
    } catch (error) {
      watch.release();
      this.#leave(watch);
      throw watch.failure ?? (isSkeinError(error) ? error : fetchFailure(error));
    }
  }

  /** Waits for what is under way; new calls are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#watches.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  destroy(reason?: unknown): void {
    this.#closed = true;
    const error = reason instanceof Error ? reason : new ClientClosed("the client was destroyed");
    for (const watch of this.#watches) watch.end(error);
  }

  async #exchange(request: Request, context: RequestContext, watch: CallWatch): Promise<Response> {
    const body = await bodyFor(request, watch.signal);
    // A page hides redirects from its scripts: there the platform follows them, elsewhere Skein does.
    const follows = inPage() && context.policies.maxRedirects > 0;
    const init = webRequestInit(request, body, watch.signal);
    const fetch = this.#fetch ?? globalThis.fetch;
    const answer = fetch(request.url.href, {
      ...this.#passed,
      ...init,
      redirect: follows ? "follow" : "manual",
    });
    const response = await watch.forHead(answer, body === undefined);
    if (response.type === "opaqueredirect") throw hiddenRedirect();
    const answered = response.redirected ? request.with({ url: parseUrl(response.url) }) : request;
    return fromWebResponse(response, answered, watch);
  }

  #leave(watch: CallWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** A page sends no streams over HTTP/1.1, so there they are read first. */
async function bodyFor(request: Request, signal: AbortSignal): Promise<WebBody> {
  if (!inPage() || request.body === undefined || request.method === "GET") return webBody(request, signal);
  return bufferedBody(request.body);
}

function inPage(): boolean {
  return "document" in globalThis || "importScripts" in globalThis;
}

function hiddenRedirect(): RedirectRefused {
  const reason = "redirected, and a page is not told where to: `redirect: false` works outside of pages only";
  return new RedirectRefused("REDIRECT_REFUSED", reason, { phase: "redirect", requestSent: "full" });
}

/** What a page leaves to its browser. */
const NOT_IN_A_PAGE: readonly string[] = ["cookies", "redirect.max", "redirect.downgrade"];
