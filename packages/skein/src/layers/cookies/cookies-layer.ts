import type { CookieStore } from "../../core/cookie-store.ts";
import { HandlerError, isSkeinError } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import type { Origin } from "../../core/url.ts";
import { cookieField } from "./cookie-field.ts";
import type { GivenCookies } from "./given-cookies.ts";

export interface CookieLayerOptions {
  /** Where cookies of responses are kept; without one only given cookies are sent. */
  readonly store: CookieStore | undefined;
  /** The client's own, without a domain: they go where a call begins, and nowhere that it is redirected to. */
  readonly given: GivenCookies;
  /** The only origin that may have those, that of a base URL; undefined: the one where the call begins. */
  readonly origin: Origin | undefined;
}

const NONE: GivenCookies = Object.freeze(Object.create(null));

/**
 * Sends cookies and keeps those of every response. It stands inside redirect: a cookie that a redirect sets goes along
 * to where it leads. A Cookie field that the request has already stands in the place of jar and client. `context.cookies`
 * are the call's own; `null` there turns both sending and keeping off.
 */
export function cookiesLayer(options: CookieLayerOptions): Layer {
  return inner => new CookiesService(inner, options);
}

class CookiesService implements Service {
  readonly #inner: Service;
  readonly #store: CookieStore | undefined;
  readonly #given: GivenCookies;
  readonly #origin: Origin | undefined;
  readonly #isIdle: boolean;
  /** The field as it was sent last: one object, so that merging it into a client's headers is done once. */
  #last: { readonly field: string; readonly headers: Headers } | undefined;

  constructor(inner: Service, { store, given, origin }: CookieLayerOptions) {
    this.#inner = inner;
    this.#store = store;
    this.#given = Object.keys(given).length === 0 ? NONE : given;
    this.#origin = origin;
    this.#isIdle = store === undefined && this.#given === NONE;
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    const isOff = context.cookies === null || (this.#isIdle && context.cookies === undefined);
    return isOff ? this.#inner.send(request, context) : this.#sendWithCookies(request, context);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #sendWithCookies(request: Request, context: RequestContext): Promise<Response> {
    const prepared = this.#withCookies(request, context);
    const sent = prepared instanceof Promise ? await prepared : prepared;
    context.throwIfCancelled();
    const response = await this.#inner.send(sent, context);
    const setCookies = this.#store === undefined ? [] : response.headers.getList("set-cookie");
    if (setCookies.length > 0) await this.#keep(response, setCookies);
    return response;
  }

  /** At once where the store answers at once: a request more or less is felt here. */
  #withCookies(request: Request, context: RequestContext): Request | Promise<Request> {
    const { url, headers } = request;
    const isHome = context.isAtHome(url.origin);
    const own = isHome ? (context.cookies ?? NONE) : NONE;
    const explicit = headers.get("cookie");
    if (explicit !== null)
      return own === NONE ? request : this.#with(cookieField(explicit, NONE, own), request);
    const isForClient =
      isHome &&
      request.leftFrom === undefined &&
      (this.#origin === undefined || this.#origin.key === url.origin.key);
    const given = isForClient ? this.#given : NONE;
    const withField = (kept: string | undefined) =>
      this.#with(given === NONE && own === NONE ? kept : cookieField(kept, given, own), request);
    const call = { home: request.leftFrom ?? context.home ?? url.origin, isSafe: request.isSafe };
    const kept = this.#store?.cookieHeader(url, call);
    return typeof kept === "object" ? kept.then(withField) : withField(kept);
  }

  #with(field: string | undefined, request: Request): Request {
    if (field === undefined || field === "") return request;
    return request.with({ headers: request.headers.merge(this.#headersOf(field)) });
  }

  #headersOf(field: string): Headers {
    if (this.#last?.field !== field) this.#last = { field, headers: Headers.from({ Cookie: field }) };
    return this.#last.headers;
  }

  async #keep(response: Response, setCookies: readonly string[]): Promise<void> {
    try {
      await this.#store?.store(response.request.url, setCookies);
    } catch (error) {
      // Nobody will read this response: its connection must not wait for that.
      response.body.cancel("not wanted");
      throw isSkeinError(error) ? error : new HandlerError("the cookie store", error);
    }
  }
}
