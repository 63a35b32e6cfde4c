import type { Batch, BatchOptions } from "../batch/batch-options.ts";
import { timeLeft } from "../core/deadline.ts";
import { ClientClosed } from "../core/errors.ts";
import { Headers } from "../core/headers.ts";
import { INSPECT } from "../core/inspect.ts";
import { ownOptions } from "../core/own-options.ts";
import { redactUrl } from "../core/redact-url.ts";
import type { Request } from "../core/request.ts";
import type { CallSettings, RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Layer, Service, Transport } from "../core/service.ts";
import type { BatchRequest } from "./batch-request.ts";
import { buildRequest, type RequestOptions } from "./build-request.ts";
import { Call } from "./call.ts";
import { overrideCall, refuseCallOptions } from "./call-options.ts";
import type { ClientAccess } from "./client-access.ts";
import { overrideCredentials, refuseCredentials } from "./credentials.ts";
import { requireTime, withinTime } from "./deadline.ts";
import type { Downloaded, DownloadOptions } from "./download/download.ts";
import type { EventStream, EventsOptions } from "./events/event-stream.ts";
import { endFailed } from "./failed-call.ts";
import type { Fetch } from "./fetch/fetch.ts";
import {
  type ClientOptions,
  type ClientSettings,
  type ExtendOptions,
  extendSettings,
  normalizeClientOptions,
  type OptionPorts,
  refuseUnsupported,
} from "./options.ts";
import { raise } from "./outcome.ts";
import type { PaginateOptions } from "./paginate.ts";
import type { ClientParts } from "./parts.ts";
import { refuseProgress, withProgress } from "./progress-options.ts";
import type { TunnelOptions, UpgradeOptions } from "./raw/open-raw.ts";
import type { RawStream } from "./raw/raw-stream.ts";
import { ResponsePromise } from "./response-promise.ts";
import type { BuildOptions, SendOptions } from "./send-options.ts";
import {
  batchStack,
  clientStack,
  type LayerName,
  type PlacedLayer,
  placeLayer,
  type StackParts,
} from "./stack.ts";
import { type ClientStats, clientStats } from "./stats.ts";
import type { StreamResponse } from "./stream-response.ts";

/** What a client is built on: a runtime, and the transport at the bottom of its stack. */
export interface ClientBase {
  readonly ports: StackParts["ports"] & OptionPorts;
  readonly parts: ClientParts;
  /** Makes the transport, once the limits are known. */
  transport(settings: ClientSettings): Transport;
  /** Empty where the platform sends its own. */
  readonly userAgent: string;
}

/** What a client is when another makes it: settings that are checked already, and connections that it shares. */
interface SharedBase extends ClientBase {
  readonly settings: ClientSettings;
  readonly added: readonly PlacedLayer[];
}

/** The methods of every client; a runtime's entry gives it its transport. */
export class BaseClient implements AsyncDisposable {
  readonly #base: ClientBase;
  readonly #settings: ClientSettings;
  readonly #transport: Transport;
  readonly #added: readonly PlacedLayer[];
  readonly #stack: Service;
  #closed = false;

  constructor(given: ClientOptions, base: ClientBase | SharedBase) {
    const options = ownOptions(given);
    this.#base = base;
    this.#settings =
      "settings" in base
        ? base.settings
        : normalizeClientOptions(options, defaultHeaders(base, options), { ...base.ports, ...base.parts });
    const transport = options.transport ?? base.transport(this.#settings);
    this.#transport = options.mounts === undefined ? transport : base.parts.mounts(options.mounts, transport);
    this.#added = "added" in base ? base.added : [];
    this.#stack = clientStack(this.#transport, this.#stackParts());
    this.fetch = base.parts.fetch(this.#access());
  }

  get(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("GET", url, options);
  }

  head(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("HEAD", url, options);
  }

  options(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("OPTIONS", url, options);
  }

  post(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("POST", url, options);
  }

  put(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("PUT", url, options);
  }

  patch(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("PATCH", url, options);
  }

  delete(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("DELETE", url, options);
  }

  /**
   * Sends a request and reads the whole body. A status is no error here: ask `ok`, or call `raiseForStatus()`.
   *
   * @throws (rejects with) an error of the tree in core/errors.ts; the first line tells what failed, and where
   * @example
   * const response = await client.request("GET", "https://api.example.com/users", { params: { page: 2 } });
   * response.status; // 200
   */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#promise(new Call(method, { url, options }));
  }

  /**
   * Sends a request and returns as soon as the head is there: the body is read by iterating, and a reader that is slow
   * slows the server. There is no total timeout unless one is given.
   */
  async stream(
    url: string | URL,
    options: RequestOptions & { method?: string } = {},
  ): Promise<StreamResponse> {
    const { method = "GET", ...rest } = ownOptions(options);
    const call = new Call(method, { url, options: rest });
    return this.#streamed(call);
  }

  /** Server-sent events: connects when it is iterated, and again when the connection breaks. See EventStream. */
  events(url: string | URL, options: EventsOptions = {}): EventStream {
    return this.#base.parts.events(this.#access(), url, ownOptions(options));
  }

  /**
   * The pages that begin at `url`, each fetched when it is asked for: by their Link headers, or by `next`.
   *
   * @throws HTTPStatusError on a status that is not 2xx; RemoteProtocolError when the pages go in a circle
   * @example
   * for await (const page of client.paginate("/users")) save(page.json());
   */
  paginate(url: string | URL, options: PaginateOptions = {}): AsyncGenerator<Response, void, undefined> {
    return this.#base.parts.pages(this.#access(), url, ownOptions(options));
  }

  /**
   * Downloads to a file, which appears under its name only when it is whole and on disk.
   *
   * @throws (rejects with) FileError, ChecksumError, HTTPStatusError on a status that is not 2xx, and what any call may
   * @example
   * const { bytes, sha256 } = await client.download(url, "data.zip", { resume: true, onProgress: show });
   */
  async download(url: string | URL, path: string, options: DownloadOptions = {}): Promise<Downloaded> {
    const { download } = await import("./download/download.ts");
    return download(this.#access(), { url, path }, ownOptions(options));
  }

  /**
   * Asks the server to go on in another protocol, and hands over the connection once it has (101).
   *
   * @throws (rejects with) HTTPStatusError on any other answer, and what any call may
   * @example
   * const { readable, writable } = await client.upgrade(url, { protocol: "websocket", headers });
   */
  async upgrade(url: string | URL, options: UpgradeOptions): Promise<RawStream> {
    const { openUpgrade } = await this.#loadRaw("upgrade");
    return openUpgrade(this.#access(), url, ownOptions(options));
  }

  /**
   * Asks the proxy at `url` for a tunnel (CONNECT) to `authority`, such as "example.com:443", and hands it over. Of the
   * client's headers and credentials only the user-agent goes to the proxy; those in `url` are sent as Proxy-Authorization.
   *
   * @throws (rejects with) HTTPStatusError when the proxy refuses, and what any call may
   */
  async tunnel(url: string | URL, authority: string, options: TunnelOptions = {}): Promise<RawStream> {
    const { openTunnel } = await this.#loadRaw("tunnel");
    return openTunnel(this.#access(), { url, authority }, ownOptions(options));
  }

  /**
   * The platform's `fetch` over this client: its connections, headers, base URL and layers, but no retry, and no timeout
   * but those that the client was given. Takes and returns the platform's own objects (a Request, FormData or signal of
   * another copy is as good), and is bound: hand it to any library that takes a `fetch`.
   *
   * @throws (rejects with) TypeError whose `cause` is the client's error, or the reason of the signal that aborted
   * @example
   * const openai = new OpenAI({ fetch: client.fetch });
   */
  readonly fetch: Fetch;

  /**
   * A request of this client, not yet sent: with its base URL, headers and params. `send` sends it, as often as its body
   * can be replayed.
   *
   * @throws InvalidUrl, UnsupportedProtocol, InvalidOption
   * @example
   * const request = client.buildRequest("GET", "/users", { params: { page: 2 } });
   * const response = await client.send(request);
   */
  buildRequest(method: string, url: string | URL, given?: BuildOptions): Request {
    const options = given && ownOptions(given);
    if (options !== undefined) {
      refuseCredentials(options, "give them to send()");
      refuseProgress(options, "give it to send()");
      refuseCallOptions(options, "give it to send()");
    }
    return buildRequest(this.#settings, method, { url, options });
  }

  /** Sends a request that was built before; with `stream: true` the body is read by iterating. */
  send(request: Request, options: SendOptions & { stream: true }): Promise<StreamResponse>;
  send(request: Request, options?: SendOptions): ResponsePromise;
  send(request: Request, given: SendOptions = {}): ResponsePromise | Promise<StreamResponse> {
    const { stream, ...options } = ownOptions(given);
    const call = new Call(request.method, { url: request.url.href, options, built: request });
    return stream === true ? this.#streamed(call) : this.#promise(call);
  }

  /**
   * A client with other defaults that shares the connections of this one: headers replace by name, params are added,
   * objects merge by key. Closing it leaves the connections to this one.
   *
   * @throws InvalidOption for `limits` and `tls`, which belong to the connections
   */
  extend(options: ExtendOptions): BaseClient {
    return this.#share(extendSettings(this.#settings, options), this.#added);
  }

  /**
   * A client with one more layer, at a stated place, that shares the connections of this one.
   *
   * @example
   * const timed = client.with(inner => ({ ...inner, async send(request, context) { … } }), { before: "retry" });
   */
  with(layer: Layer, place: { before?: LayerName; after?: LayerName }): BaseClient {
    return this.#share(this.#settings, [...this.#added, placeLayer(layer, place)]);
  }

  /**
   * Sends many requests, a bounded number at once, and yields each task as it settles. The input may be any (async)
   * iterable, of any length: it is pulled only as fast as requests are sent, and memory depends on the concurrency
   * alone. Leaving the loop cancels the rest.
   *
   * @example
   * for await (const task of client.batch(ids, { request: id => `https://api.example.com/users/${id}` })) {
   *   if (task.state === "succeeded") save(task.input, task.response.json());
   *   else console.error(task.error.message);
   * }
   */
  batch<I, V = Response, F = never>(
    items: Iterable<I> | AsyncIterable<I>,
    options: BatchOptions<I, V, string | URL | BatchRequest, F> = {},
  ): Batch<I, V, F> {
    return this.#base.parts.batch(this.#access(), items, options);
  }

  /** What is left of the retry budget, and what each policy has done and knows; plain data, new at each call. */
  stats(): ClientStats {
    return clientStats(this.#settings, this.#base.ports.clock);
  }

  /** Finishes the calls in flight, then frees every connection. Calls made after this fail with ClientClosed. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#stack.close();
  }

  /** Cancels the calls in flight and frees every connection at once. */
  destroy(reason?: unknown): void {
    this.#closed = true;
    if (this.#transport.destroy === undefined) void this.#transport.close();
    else this.#transport.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A line for people: its base URL, and whether it is closed. */
  toString(): string {
    const { baseUrl } = this.#settings;
    const base = baseUrl === undefined ? "" : ` of ${redactUrl(baseUrl.href)}`;
    return `Client${base}${this.#closed ? ", closed" : ""}`;
  }

  [INSPECT](): string {
    return String(this);
  }

  #loadRaw(name: "upgrade" | "tunnel"): Promise<typeof import("./raw/open-raw.ts")> {
    refuseUnsupported({ [name]: true }, this.#transport.unsupported);
    return import("./raw/open-raw.ts");
  }

  #access(): ClientAccess {
    return {
      settings: this.#settings,
      ports: this.#base.ports,
      transport: this.#transport,
      batchService: () => batchStack(this.#transport, this.#stackParts()),
      run: (call, base) => this.#run(call, base),
    };
  }

  #promise(call: Call): ResponsePromise {
    return new ResponsePromise((resolve, reject) => {
      this.#run(call, this.#settings.buffered).then(resolve, reject);
    }, call);
  }

  async #streamed(call: Call): Promise<StreamResponse> {
    return this.#base.parts.stream(await this.#run(call, this.#settings.streaming));
  }

  async #run(call: Call, base: CallSettings): Promise<Response> {
    const { clock } = this.#base.ports;
    const startedAt = clock.now();
    const { options, built } = call.spec;
    let settings = base;
    let request: Request | undefined;
    let context: RequestContext | undefined;
    try {
      if (this.#closed) throw new ClientClosed();
      if (options !== undefined) {
        refuseUnsupported(options, this.#transport.unsupported);
        settings = withProgress(overrideCredentials(overrideCall(base, options), options), options);
        if (options.deadline !== undefined)
          settings = withinTime(settings, timeLeft(options.deadline, clock));
      }
      request = built ?? buildRequest(this.#settings, call.method, call.spec);
      context = call.begin(settings);
      if (options?.deadline !== undefined) requireTime(settings.timeouts.total);
      context.startedAt = startedAt;
      context.deadline = startedAt + settings.timeouts.total;
      const response = await this.#stack.send(request, context);
      // The connection has looked at the clock when the body ended: twice is dear, for every single call.
      response.elapsed = (response.record?.endedAt || clock.now()) - startedAt;
      if (context.traceFailure !== undefined) throw context.traceFailure;
      if (context.reading !== undefined) response.readAs(context.reading);
      call.endWith(response.body);
      if (settings.raiseForStatus) raise(response);
      call.outcome = "succeeded";
      return response;
    } catch (error) {
      call.end();
      const elapsed = clock.now() - startedAt;
      const failed = { request, elapsed, attempts: settings.policies.attempts, context };
      const asked = { hook: this.#settings.hooks?.error, fallback: options?.fallback };
      return call.conclude(endFailed(error, failed, asked));
    }
  }

  #share(settings: ClientSettings, added: readonly PlacedLayer[]): BaseClient {
    const { decodes = false, unsupported = [] } = this.#transport;
    const transport: Transport = {
      decodes,
      unsupported,
      send: (request, context) => this.#transport.send(request, context),
      // The connections belong to the client that made them.
      close: async () => undefined,
      destroy: () => undefined,
    };
    return new BaseClient({}, { ...this.#base, transport: () => transport, settings, added });
  }

  #stackParts(): StackParts {
    const { decodes = false } = this.#transport;
    const { hooks, cache, loggers, retryBudget, policies, baseUrl } = this.#settings;
    const cookies = { ...this.#settings.cookies, origin: baseUrl?.origin };
    const { ports, parts } = this.#base;
    const own = { hooks, cache, loggers, retryBudget, policies, cookies };
    return { makers: parts.layers, ports, ...own, added: this.#added, decodes };
  }
}

/** A transport that decodes by itself also says by itself what it can decode, and who it is. */
function defaultHeaders({ ports, userAgent }: ClientBase, { transport }: ClientOptions): Headers {
  const accept = Headers.from([["Accept", "*/*"]]);
  if (transport?.decodes === true) return accept;
  const codings = ports.decompressor.accepts.join(", ");
  return accept.merge({ "Accept-Encoding": codings || null, "User-Agent": userAgent || null });
}
