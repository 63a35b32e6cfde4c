import type { Batch, BatchOptions } from "../batch/batch-options.ts";
import type { CacheStore, MemoryCacheOptions } from "../core/cache-store.ts";
import type { CookieStore } from "../core/cookie-store.ts";
import type { Response } from "../core/response.ts";
import type { Transport } from "../core/service.ts";
import type { RetryPurse } from "../policy/retry-budget.ts";
import type { BatchRequest } from "./batch-request.ts";
import type { ClientAccess } from "./client-access.ts";
import type { EventStream, EventsOptions } from "./events/event-stream.ts";
import type { Fetch } from "./fetch/fetch.ts";
import type { Mounts } from "./mounts.ts";
import type { EncodeMultipart } from "./multipart/multipart-body.ts";
import type { PaginateOptions } from "./paginate.ts";
import type { LayerMakers } from "./stack.ts";
import type { StreamResponse } from "./stream-response.ts";

/**
 * What a client is made of beyond a single call. An entry chooses: parts that are at hand from the start, or parts that
 * are loaded when they are first used, for pages.
 */
export interface ClientParts {
  readonly layers: LayerMakers;
  /** The jar of a client that asks for cookies. */
  newJar(): CookieStore;
  /** The store of a client that asks for a cache in memory. */
  newCacheStore(options: MemoryCacheOptions): CacheStore;
  /** What the retries of a client, and of those that extend it, are paid from. */
  newRetryBudget(): RetryPurse;
  readonly encodeMultipart: EncodeMultipart;
  /** The reader of a response that streams. */
  stream(response: Response): StreamResponse | Promise<StreamResponse>;
  events(client: ClientAccess, url: string | URL, options: EventsOptions): EventStream;
  pages(
    client: ClientAccess,
    url: string | URL,
    options: PaginateOptions,
  ): AsyncGenerator<Response, void, undefined>;
  fetch(client: ClientAccess): Fetch;
  /** A transport that chooses among those of a client, by the origin of a request. */
  mounts(mounts: Mounts, own: Transport): Transport;
  batch<I, V, F>(
    client: ClientAccess,
    items: Iterable<I> | AsyncIterable<I>,
    options: BatchOptions<I, V, string | URL | BatchRequest, F>,
  ): Batch<I, V, F>;
}
