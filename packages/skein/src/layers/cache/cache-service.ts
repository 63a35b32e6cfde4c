import type { StoredResponse } from "../../core/cache-store.ts";
import type { Clock } from "../../core/clock.ts";
import { isSkeinError, ResponseTooLarge, TransportError } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import { RequestContext } from "../../core/request-context.ts";
import { type CacheStatus, Response } from "../../core/response.ts";
import type { Service } from "../../core/service.ts";
import { StoredBody } from "../../core/stored-body.ts";
import { directivesOf } from "./cache-control.ts";
import type { CacheSettings } from "./cache-layer.ts";
import { Freshness, type Validators } from "./freshness.ts";
import { StoredResponses, variedBy } from "./stored-responses.ts";

/** Requests that ask for a part, or have conditions of their own, are the caller's business. */
const OWN_CONDITIONS = [
  "range",
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
];

/** What a 304 does not change: it tells of the body that is not sent (RFC 9111 §3.2). */
const OF_THE_BODY = new Set([
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "content-range",
  "content-type",
]);

/** Answers that stand for a failure of the server (RFC 5861 §4). */
const FAILURES = new Set([500, 502, 503, 504]);

const GONE = new Set([404, 410]);

/**
 * A private cache (RFC 9111). It answers and stores GET; unsafe methods forget what was stored of their URL; all else,
 * and every stream, goes by.
 */
export class CacheService implements Service {
  readonly #inner: Service;
  readonly #settings: CacheSettings;
  readonly #clock: Clock;
  readonly #freshness: Freshness;
  readonly #stored: StoredResponses;
  /** The URLs that are asked for in the background. */
  readonly #refreshing = new Set<string>();

  constructor(inner: Service, settings: CacheSettings, clock: Clock) {
    this.#inner = inner;
    this.#settings = settings;
    this.#clock = clock;
    this.#freshness = new Freshness(clock);
    this.#stored = new StoredResponses(settings.store);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async send(request: Request, context: RequestContext): Promise<Response> {
    if (!request.isSafe) return this.#invalidating(request, context);
    if (context.streaming || context.receiver !== undefined || !isForCache(request))
      return this.#passing(request, context);
    const found = await this.#stored.find(request);
    context.throwIfCancelled();
    if (found === undefined) {
      if (directivesOf(request.headers).has("only-if-cached")) return this.#notStored(request);
      return this.#fetch(request, context);
    }
    return this.#answer(found, request, context);
  }

  async #answer(found: StoredResponse, request: Request, context: RequestContext): Promise<Response> {
    const headers = Headers.from(found.headers);
    const verdict = this.#freshness.judge(found.policy, headers, request);
    switch (verdict.use) {
      case "fresh":
        return this.#restore(found, { request, context, status: "hit" });
      case "stale":
        return this.#restore(found, { request, context, status: "stale" });
      case "while-revalidating":
        this.#refresh(found, request, { context, validators: verdict.validators });
        return this.#restore(found, { request, context, status: "stale" });
      case "after-revalidation":
        if (directivesOf(request.headers).has("only-if-cached")) return this.#notStored(request);
        return this.#revalidate(found, request, { context, validators: verdict.validators });
    }
  }

  /** Asks the server whether the stored response is still right; when the server fails, that may do (RFC 5861 §4). */
  async #revalidate(
    found: StoredResponse,
    request: Request,
    { context, validators }: { context: RequestContext; validators: Validators },
  ): Promise<Response> {
    const conditional = request.with({ headers: request.headers.merge(validators) });
    let response: Response;
    const allowsStale = () =>
      this.#freshness.allowsStaleOnError(found.policy, Headers.from(found.headers), request);
    try {
      response = await this.#inner.send(conditional, context);
    } catch (error) {
      if (!(error instanceof TransportError) || context.cancelled || !allowsStale()) throw error;
      return this.#restore(found, { request, context, status: "stale" });
    }
    if (FAILURES.has(response.status) && allowsStale())
      return this.#restore(found, { request, context, status: "stale" });
    if (response.status !== 304) return this.#keep(request, response);
    const refreshed = this.#refreshed(found, request, response);
    if (refreshed === undefined) await this.#stored.drop(request);
    else await this.#stored.put(request, refreshed);
    const restored = this.#restore(refreshed ?? found, { request, context, status: "revalidated" });
    if (response.record !== undefined) restored.record = response.record;
    return restored;
  }

  /** The stored response with the fields of a 304; undefined when these forbid to keep it. */
  #refreshed(found: StoredResponse, request: Request, answer: Response): StoredResponse | undefined {
    const fields = answer.headers.filter(name => !OF_THE_BODY.has(name));
    // How old it was before says nothing of what has just been validated.
    const headers = Headers.from(found.headers).without("age").merge(fields);
    const policy = this.#freshness.policyFor(request, { status: found.status, headers });
    return policy === undefined ? undefined : { ...found, headers: [...headers], policy };
  }

  async #fetch(request: Request, context: RequestContext): Promise<Response> {
    return this.#keep(request, await this.#inner.send(request, context));
  }

  /** Stores the response where the rules allow it; else what was stored for such a request is out of date. */
  async #keep(request: Request, response: Response): Promise<Response> {
    response.cacheStatus = "miss";
    const varied = this.#mayKeep(request, response)
      ? variedBy(request, response, this.#settings.storeAuthorized)
      : undefined;
    const policy = varied === undefined ? undefined : this.#freshness.policyFor(request, response);
    if (policy === undefined || varied === undefined) {
      if (response.status < 400 || GONE.has(response.status)) await this.#stored.drop(request);
      return response;
    }
    const { status, reasonPhrase, httpVersion, headers } = response;
    // A copy: the caller may write into what it is given.
    const body = response.bytes().slice();
    await this.#stored.put(request, {
      varied,
      policy,
      status,
      reasonPhrase,
      httpVersion,
      headers: [...headers],
      body,
    });
    return response;
  }

  /** RFC 9111 §3.5: what was answered to credentials is kept only where the answer says so, or the client's owner. */
  #mayKeep(request: Request, response: Response): boolean {
    if (!response.hasContent) return false;
    if (!request.headers.has("authorization") || this.#settings.storeAuthorized) return true;
    const directives = directivesOf(response.headers);
    return ["public", "must-revalidate", "s-maxage"].some(name => directives.has(name));
  }

  /** In the background. A refresh that fails changes nothing: the next request for it tries again. */
  #refresh(
    found: StoredResponse,
    request: Request,
    { context, validators }: { context: RequestContext; validators: Validators },
  ): void {
    const { href } = request.url;
    if (this.#refreshing.has(href)) return;
    this.#refreshing.add(href);
    const own = new RequestContext({
      ...context,
      raiseForStatus: false,
      defaultEncoding: undefined,
      parseJson: undefined,
      trace: undefined,
      progress: undefined,
    });
    own.deadline = this.#clock.now() + own.timeouts.total;
    this.#revalidate(found, request, { context: own, validators })
      .catch(error => {
        if (!isSkeinError(error)) throw error;
      })
      .finally(() => this.#refreshing.delete(href));
  }

  #restore(
    stored: StoredResponse,
    { request, context, status }: { request: Request; context: RequestContext; status: CacheStatus },
  ): Response {
    if (stored.body.length > context.maxResponseBytes) {
      const reason = `the body is larger than ${context.maxResponseBytes} bytes`;
      throw new ResponseTooLarge("RESPONSE_TOO_LARGE", reason, { phase: "body" });
    }
    const headers = Headers.from(stored.headers).with("Age", String(this.#freshness.ageOf(stored.policy)));
    const content = stored.body.slice();
    const response = new Response({ ...stored, headers }, request, new StoredBody(content));
    response.setContent(content);
    response.cacheStatus = status;
    return response;
  }

  /** RFC 9111 §5.2.1.7 */
  #notStored(request: Request): Response {
    const content = new Uint8Array(0);
    const head = { status: 504, reasonPhrase: "Gateway Timeout", httpVersion: "1.1", headers: Headers.empty };
    const response = new Response(head, request, new StoredBody(content));
    response.setContent(content);
    response.cacheStatus = "miss";
    return response;
  }

  async #passing(request: Request, context: RequestContext): Promise<Response> {
    const response = await this.#inner.send(request, context);
    response.cacheStatus = "bypass";
    return response;
  }

  /** RFC 9111 §4.4: what changes a resource makes what was stored of it, and of what it names, out of date. */
  async #invalidating(request: Request, context: RequestContext): Promise<Response> {
    const response = await this.#passing(request, context);
    if (response.status >= 400) return response;
    await this.#stored.dropAll(request.url);
    for (const name of ["location", "content-location"]) {
      const reference = response.headers.get(name);
      if (reference === null || !URL.canParse(reference, request.url.href)) continue;
      if (new URL(reference, request.url.href).origin !== new URL(request.url.href).origin) continue;
      await this.#stored.dropAll(request.url.resolve(reference));
    }
    return response;
  }
}

function isForCache({ method, body, headers }: Request): boolean {
  if (method !== "GET" || body !== undefined) return false;
  if (OWN_CONDITIONS.some(name => headers.has(name))) return false;
  return !directivesOf(headers).has("no-store");
}
