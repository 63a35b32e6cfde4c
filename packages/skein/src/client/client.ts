import { BatchRun } from "../batch/batch.ts";
import type { Batch, BatchOptions } from "../batch/batch-options.ts";
import { InvalidOption } from "../core/errors.ts";
import { Headers } from "../core/headers.ts";
import type { RuntimePorts } from "../core/ports.ts";
import type { Request } from "../core/request.ts";
import type { CallSettings } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Service } from "../core/service.ts";
import { buildRequest, type RequestOptions } from "./build-request.ts";
import { Call } from "./call.ts";
import { completeError } from "./complete-error.ts";
import { type ClientOptions, type ClientSettings, normalizeClientOptions, overrideCall } from "./options.ts";
import { ResponsePromise } from "./response-promise.ts";
import { batchStack, clientStack } from "./stack.ts";
import { StreamResponse } from "./stream-response.ts";

/** What a client is built on: a runtime, and the transport at the bottom of its stack. */
export interface ClientBase {
  readonly ports: Pick<RuntimePorts, "clock" | "decompressor">;
  /** Makes the transport, once the limits are known. */
  transport(settings: ClientSettings): Transport;
  readonly userAgent: string;
}

/** A service that can also be ended at once. */
export interface Transport extends Service {
  destroy(reason?: unknown): void;
}

/** A request of a batch, where a URL alone does not say enough. */
export interface BatchRequest extends Omit<RequestOptions, "signal" | "timeout" | "retry"> {
  url: string | URL;
  /** Default: GET. */
  method?: string;
}

/** The methods of every client; a runtime's entry gives it its transport. */
export class BaseClient implements AsyncDisposable {
  readonly #settings: ClientSettings;
  readonly #ports: ClientBase["ports"];
  readonly #transport: Transport;
  readonly #stack: Service;

  constructor(options: ClientOptions, base: ClientBase) {
    const defaults = Headers.from([
      ["Accept", "*/*"],
      ["Accept-Encoding", base.ports.decompressor.accepts.join(", ")],
      ["User-Agent", base.userAgent],
    ]);
    this.#settings = normalizeClientOptions(options, defaults);
    this.#ports = base.ports;
    this.#transport = base.transport(this.#settings);
    this.#stack = clientStack(this.#transport, base.ports);
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
    const call = new Call(method, { url, options });
    return new ResponsePromise((resolve, reject) => {
      this.#run(call, this.#settings.buffered).then(resolve, reject);
    }, call);
  }

  /**
   * Sends a request and returns as soon as the head is there: the body is read by iterating, and a reader that is slow
   * slows the server. There is no total timeout unless one is given.
   */
  async stream(
    url: string | URL,
    options: RequestOptions & { method?: string } = {},
  ): Promise<StreamResponse> {
    const { method = "GET", ...rest } = options;
    const call = new Call(method, { url, options: rest });
    return new StreamResponse(await this.#run(call, this.#settings.streaming));
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
  batch<I, V = Response>(
    items: Iterable<I> | AsyncIterable<I>,
    options: BatchOptions<I, V, string | URL | BatchRequest> = {},
  ): Batch<I, V> {
    const { limits } = this.#settings;
    return new BatchRun(items, options, {
      clock: this.#ports.clock,
      service: batchStack(this.#transport, this.#ports),
      build: item => this.#buildBatchRequest(item),
      settings: this.#settings.buffered,
      maxConnections: limits.maxConnections,
      maxConnectionsPerOrigin: limits.maxConnectionsPerOrigin,
      complete: completeError,
    });
  }

  /** Finishes the calls in flight, then frees every connection. Calls made after this fail with ClientClosed. */
  close(): Promise<void> {
    return this.#stack.close();
  }

  /** Cancels the calls in flight and frees every connection at once. */
  destroy(reason?: unknown): void {
    this.#transport.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(call: Call, base: CallSettings): Promise<Response> {
    const { clock } = this.#ports;
    const startedAt = clock.now();
    let settings = base;
    let request: Request | undefined;
    try {
      if (call.spec.options !== undefined) settings = overrideCall(base, call.spec.options);
      request = buildRequest(this.#settings, call.method, call.spec);
      const context = call.begin(settings);
      context.deadline = startedAt + settings.timeouts.total;
      const response = await this.#stack.send(request, context);
      response.elapsed = clock.now() - startedAt;
      call.endWith(response.body);
      return response;
    } catch (error) {
      call.end();
      const elapsed = clock.now() - startedAt;
      throw completeError(error, { request, elapsed, attempts: settings.policies.attempts });
    }
  }

  #buildBatchRequest(item: string | URL | BatchRequest): Request {
    if (typeof item === "string" || item instanceof URL)
      return buildRequest(this.#settings, "GET", { url: item, options: undefined });
    if (typeof item !== "object" || item === null || item.url === undefined) {
      throw new InvalidOption(`request: expected a URL, or an object with "url"; got ${typeof item}`);
    }
    const { url, method = "GET", ...options } = item;
    return buildRequest(this.#settings, method, { url, options });
  }
}
