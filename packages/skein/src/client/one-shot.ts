import type { RequestOptions } from "./build-request.ts";
import type { BaseClient } from "./client.ts";
import type { Downloaded, DownloadOptions } from "./download/download.ts";
import type { EventStream, EventsOptions } from "./events/event-stream.ts";
import type { ResponsePromise } from "./response-promise.ts";
import type { StreamResponse } from "./stream-response.ts";

/** The functions for a program that makes a call or two: they share one client, made by the first of them. */
export interface OneShot {
  get(url: string | URL, options?: RequestOptions): ResponsePromise;
  head(url: string | URL, options?: RequestOptions): ResponsePromise;
  options(url: string | URL, options?: RequestOptions): ResponsePromise;
  post(url: string | URL, options?: RequestOptions): ResponsePromise;
  put(url: string | URL, options?: RequestOptions): ResponsePromise;
  patch(url: string | URL, options?: RequestOptions): ResponsePromise;
  delete(url: string | URL, options?: RequestOptions): ResponsePromise;
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise;
  stream(url: string | URL, options?: RequestOptions & { method?: string }): Promise<StreamResponse>;
  events(url: string | URL, options?: EventsOptions): EventStream;
  download(url: string | URL, path: string, options?: DownloadOptions): Promise<Downloaded>;
}

export function oneShot(makeClient: () => BaseClient): OneShot {
  let shared: BaseClient | undefined;
  const client = () => {
    shared ??= makeClient();
    return shared;
  };
  return {
    get: (url, options) => client().get(url, options),
    head: (url, options) => client().head(url, options),
    options: (url, options) => client().options(url, options),
    post: (url, options) => client().post(url, options),
    put: (url, options) => client().put(url, options),
    patch: (url, options) => client().patch(url, options),
    delete: (url, options) => client().delete(url, options),
    request: (method, url, options) => client().request(method, url, options),
    stream: (url, options) => client().stream(url, options),
    events: (url, options) => client().events(url, options),
    download: (url, path, options) => client().download(url, path, options),
  };
}
