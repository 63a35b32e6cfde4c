/** Skein in a page, a worker and on the edge: the public exports of `skein` where there are no sockets. */

import { BaseTaskGroup, type TaskGroupOptions } from "../batch/task-group.ts";
import { BaseClient } from "../client/client.ts";
import { PARTS_ON_DEMAND } from "../client/on-demand/parts-on-demand.ts";
import type { ClientOptions } from "../client/options.ts";
import { InvalidOption } from "../core/errors.ts";
import type { Decompressor } from "../core/ports.ts";
import { fetchTransport, type WebOptions } from "../runtime/web/fetch-transport.ts";
import { pageUrl } from "../runtime/web/page-url.ts";
import { webClock } from "../runtime/web/web-clock.ts";

/** Options of a client in a page; what only sockets have is refused by name. */
export interface WebClientOptions extends Omit<ClientOptions, "tls"> {
  /** Passed to the platform's fetch as it stands. */
  web?: WebOptions;
}

/**
 * The client of a page, a worker and the edge: the same as on Node, over the platform's `fetch`. Relative URLs are relative
 * to the page. Of the default headers only `accept` is sent: others would ask for a CORS preflight. What most calls do
 * not need (batches, streams, auth …) is loaded with its first use; mistakes in options of those are told then. A service
 * worker may not load code later: bundle it without code splitting.
 *
 * @throws InvalidOption for unknown options, and for what a page has no way to do: `tls`, the connections' `limits`,
 * the timeouts `connect`, `write` and `pool`, `cookies`, `redirect.max`
 * @example
 * const client = new Client({ baseUrl: "/api", web: { credentials: "include" } });
 * const users = await client.get("/users", { params: { page: 2 } }).json();
 */
export class Client extends BaseClient {
  constructor({ web, ...options }: WebClientOptions = {}) {
    if (web !== undefined && options.transport !== undefined)
      throw new InvalidOption("web: goes to the platform's fetch, which `transport` stands in the place of");
    const transport = options.transport ?? fetchTransport(web);
    const ports = { clock: webClock, decompressor: NO_DECOMPRESSOR, pageUrl };
    super(
      { ...options, transport },
      { ports, parts: PARTS_ON_DEMAND, transport: () => transport, userAgent: "" },
    );
  }
}

/**
 * Tasks that belong together (structured concurrency): nothing that it runs outlives its block. The first failure cancels
 * the siblings, waits until they have ended, and is thrown at the block's end; with `onError: "collect"` all go on, and
 * GroupError lists the failures. Tasks heed the signal that they are given; what ignores it is waited for.
 *
 * @throws InvalidOption
 * @example
 * await using group = new TaskGroup({ limit: 10, deadline: "30s" });
 * for (const id of ids) group.run(async signal => save(await client.get(`/users/${id}`, { signal }).json()));
 */
export class TaskGroup extends BaseTaskGroup {
  constructor(options: TaskGroupOptions = {}) {
    super(options, webClock);
  }
}

/** The platform decodes what it fetches. */
const NO_DECOMPRESSOR: Decompressor = { accepts: [], decompress: body => body };

export { BatchClosed, isBatchClosed, isTooManyErrors, TooManyErrors } from "../batch/batch-error.ts";
export type { BatchEvent, MissedEvents, TaskEvent } from "../batch/batch-events.ts";
export type {
  AddedTask,
  Batch,
  BatchLimitChanges,
  BatchLimits,
  BatchOptions,
  BatchOrigin,
  BatchProgress,
  ErrorCount,
  LatencyPercentiles,
  OpenTask,
  OriginLimits,
  OriginProgress,
  RequestRate,
  WaitReason,
} from "../batch/batch-options.ts";
export type {
  BatchMaker,
  ConsumeOptions,
  ConsumeSummary,
  Consumption,
  Messages,
  UndoneTask,
} from "../batch/consume-options.ts";
export type { FailedItem, RetriedItems } from "../batch/failed-items.ts";
export { type Gather, type Gatherable, gather } from "../batch/gather.ts";
export { GroupClosed, GroupError, isGroupClosed, isGroupError } from "../batch/group-error.ts";
export type { GroupTask, GroupTaskState, TaskFunction } from "../batch/group-task.ts";
export type {
  CancelledBy,
  CancelledTask,
  FailedTask,
  FailureKind,
  FallbackTask,
  SettledTask,
  SucceededTask,
  TaskOf,
  TaskState,
  TaskTimings,
} from "../batch/task.ts";
export type { BaseTaskGroup, TaskGroupOptions } from "../batch/task-group.ts";
export type { BatchRequest } from "../client/batch-request.ts";
export type { RequestOptions } from "../client/build-request.ts";
export type { CallOptions, RedirectOptions, RetryOptions, TimeoutOptions } from "../client/call-options.ts";
export type { BaseClient } from "../client/client.ts";
export { consume } from "../client/consume.ts";
export type { Content } from "../client/content-body.ts";
export type { AuthOption, CallCredentials, ClientCredentials } from "../client/credentials.ts";
export type { ServerSentEvent } from "../client/events/event-parser.ts";
export type { EventStream, EventsOptions } from "../client/events/event-stream.ts";
export type { LimitOptions } from "../client/limit-options.ts";
export type { Mounts } from "../client/mounts.ts";
export type { Multipart, MultipartPart, MultipartValue } from "../client/multipart/parts.ts";
export type { ClientOptions, ExtendOptions } from "../client/options.ts";
export type { NextPage, PaginateOptions } from "../client/paginate.ts";
export type { Params } from "../client/params.ts";
export type { BodyOptions } from "../client/request-body.ts";
export { type CallPromise, ResponsePromise } from "../client/response-promise.ts";
export type { BuildOptions, SendOptions } from "../client/send-options.ts";
export type { LayerName } from "../client/stack.ts";
export type { ClientStats } from "../client/stats.ts";
export type { JsonLinesOptions, LinesOptions, StreamResponse } from "../client/stream-response.ts";
export type { Auth, AuthFlow } from "../core/auth.ts";
export type { DefaultEncoding } from "../core/charset.ts";
export type { ClientPolicy, PolicyName } from "../core/client-policy.ts";
export type { Deadline } from "../core/deadline.ts";
export { type Duration, formatDuration, parseDuration } from "../core/duration.ts";
export type { ErrorCode } from "../core/error-codes.ts";
export * from "../core/error-guards.ts";
export * from "../core/errors.ts";
export { Headers, type HeadersInit } from "../core/headers.ts";
export type { Hooks } from "../core/hooks.ts";
export type { ParseJson, StringifyJson } from "../core/json.ts";
export { type Extensions, Request } from "../core/request.ts";
export type { CallEvents, RedirectEvent, RequestContext, RetryEvent } from "../core/request-context.ts";
export { Response } from "../core/response.ts";
export type { Layer, Service, Transport } from "../core/service.ts";
export type { SchemaIssue, StandardSchema } from "../core/standard-schema.ts";
export {
  type AdaptiveLimitOptions,
  type AdaptiveLimitStats,
  adaptiveLimit,
} from "../layers/adaptive-limit/adaptive-limit-policy.ts";
export { BasicAuth } from "../layers/auth/basic-auth.ts";
export { BearerAuth, type TokenSource } from "../layers/auth/bearer-auth.ts";
export {
  type CircuitBreakerStats,
  circuitBreaker,
} from "../layers/circuit-breaker/circuit-breaker-policy.ts";
export {
  type CoalesceOptions,
  type CoalesceStats,
  coalesce,
} from "../layers/coalesce/coalesce-policy.ts";
export { type HedgeOptions, type HedgeStats, hedge } from "../layers/hedge/hedge-policy.ts";
export {
  type LoadShedOptions,
  type LoadShedStats,
  loadShed,
} from "../layers/load-shed/load-shed-policy.ts";
export {
  type RateLimitOptions,
  type RateLimitStats,
  rateLimit,
} from "../layers/rate-limit/rate-limit-policy.ts";
export type { CircuitBreakerOptions } from "../policy/circuit-breaker-options.ts";
export type { Rate } from "../policy/rate.ts";
export {
  type FetchTransportOptions,
  fetchTransport,
  type WebOptions,
} from "../runtime/web/fetch-transport.ts";
export { VERSION } from "./version.ts";
