/** Skein on Node, Bun and Deno: the public exports of `skein`. */

import { BaseTaskGroup, type TaskGroupOptions } from "../batch/task-group.ts";
import { BaseClient } from "../client/client.ts";
import { oneShot } from "../client/one-shot.ts";
import { type ClientOptions, type ConnectionOptions, connectionLimits } from "../client/options.ts";
import { PARTS_AT_HAND } from "../client/parts-at-hand.ts";
import { InvalidOption } from "../core/errors.ts";
import { httpVersions } from "../core/http-versions.ts";
import { checkNames, requireCount } from "../core/option-names.ts";
import { ownOptions } from "../core/own-options.ts";
import type { Layer, Transport } from "../core/service.ts";
import { bandwidthLayer } from "../layers/bandwidth/bandwidth-layer.ts";
import { type HarOptions, HarRecorder } from "../layers/har/har-recorder.ts";
import { Pool } from "../pool/pool.ts";
import { nodeClock } from "../runtime/node/node-clock.ts";
import { nodePorts } from "../runtime/node/node-ports.ts";
import { VERSION } from "./version.ts";

/**
 * An HTTP client: keeps connections, retries what is safe to repeat, follows redirects, decodes bodies. Make one and
 * share it.
 *
 * @throws InvalidOption when an option is unknown or makes no sense
 * @example
 * const client = new Client({ timeout: "10s" });
 * const user = await client.get("https://api.example.com/users/1").json();
 * await client.close();
 */
export class Client extends BaseClient {
  readonly #connections: { readonly pool: Pool; readonly mostInFlight: number } | undefined;

  constructor(options: ClientOptions = {}) {
    let connections: { readonly pool: Pool; readonly mostInFlight: number } | undefined;
    const { tls, transport, trustEnv, ...network } = ownOptions(options);
    // Who brings another transport has no connections of ours that the environment could send elsewhere.
    const heedsEnv = transport === undefined ? trustEnv : false;
    const ports = nodePorts(tls && ownOptions(tls), ownOptions({ ...network, trustEnv: heedsEnv }));
    super(options, {
      ports,
      parts: PARTS_AT_HAND,
      transport: ({ limits }) => {
        const pool = new Pool({ ...limits, versions: httpVersions(network) }, ports);
        connections = { pool, mostInFlight: limits.maxInFlightPerOrigin };
        return pool;
      },
      userAgent: `skein/${VERSION}`,
    });
    this.#connections = connections;
  }

  /**
   * How many requests may be under way at one origin from now on, redirected ones and those of all batches included: at most as
   * many as the client was made for (`limits.maxInFlightPerOrigin`). What is under way goes on; `mounts` keep limits of their own.
   *
   * @throws InvalidOption, also for a client with a `transport` of its own
   * @example
   * const client = new Client({ limits: { maxInFlightPerOrigin: 100 } });
   * client.limit({ maxInFlightPerOrigin: 8 });
   */
  limit(changes: { readonly maxInFlightPerOrigin: number }): void {
    const { maxInFlightPerOrigin } = checkNames(changes, ["maxInFlightPerOrigin"], "limit");
    const name = "limit: maxInFlightPerOrigin";
    const most = requireCount(maxInFlightPerOrigin, name, 1);
    if (this.#connections === undefined)
      throw new InvalidOption(`${name}: this client has a transport of its own, which knows what it allows`);
    const { pool, mostInFlight } = this.#connections;
    if (most > mostInFlight)
      throw new InvalidOption(`${name}: ${most} is more than the client was made for, ${mostInFlight}`);
    pool.limitInFlight(most);
  }
}

/**
 * Connections with options of their own, for `mounts`: other proxies, another trust for some URLs.
 *
 * @throws InvalidOption when an option is unknown or makes no sense
 * @example
 * const inside = httpTransport({ proxy: "http://proxy.internal.example:3128", tls: { ca } });
 * const client = new Client({ mounts: { "all://*.internal.example": inside } });
 */
export function httpTransport(options: ConnectionOptions = {}): Transport {
  const limits = connectionLimits(options);
  const { tls, ...network } = ownOptions(options);
  return new Pool(
    { ...limits, versions: httpVersions(network) },
    nodePorts(tls && ownOptions(tls), ownOptions(network)),
  );
}

/**
 * Calls without a client of one's own: they share one, with its defaults, and so its connections. `del` is for those who
 * import by name: `delete` is a word of the language.
 *
 * @example
 * import { get } from "skein";
 * const user = await get("https://api.example.com/users/1").json();
 */
export const {
  get,
  head,
  options,
  post,
  put,
  patch,
  delete: del,
  request,
  stream,
  events,
  download,
} = oneShot(() => new Client());

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
    super(options, nodeClock);
  }
}

/**
 * Records what a client sends and receives as HTTP Archive 1.2: every redirect and every attempt, with timings and sizes,
 * without credentials.
 *
 * @throws InvalidOption
 * @example
 * const har = harRecorder({ bodies: true });
 * const client = new Client().with(har.layer, { after: "retry" });
 * await client.get("https://example.com/");
 * await writeFile("calls.har", JSON.stringify(har));
 */
export function harRecorder(options: HarOptions = {}): HarRecorder {
  return new HarRecorder(options, { clock: nodeClock, version: VERSION });
}

/**
 * Lets the bodies of answers in at so many bytes a second, all of a client's together, counted as they go over the network: what
 * comes faster is left with the server. Timeouts go on meanwhile.
 *
 * @param bytesPerSecond a whole number of at least 1
 * @throws InvalidOption
 * @example
 * const client = new Client({ timeout: false }).with(limitBandwidth(1_000_000), { after: "adaptiveLimit" });
 */
export function limitBandwidth(bytesPerSecond: number): Layer {
  return bandwidthLayer(bytesPerSecond, nodeClock);
}

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
export type { CacheOptions } from "../client/cache-options.ts";
export type { CallOptions, RedirectOptions, RetryOptions, TimeoutOptions } from "../client/call-options.ts";
export type { BaseClient } from "../client/client.ts";
export { consume } from "../client/consume.ts";
export type { Content, FileContent } from "../client/content-body.ts";
export type { AuthOption, CallCredentials, ClientCredentials } from "../client/credentials.ts";
export type { Downloaded, DownloadOptions } from "../client/download/download.ts";
export type { ServerSentEvent } from "../client/events/event-parser.ts";
export type { EventStream, EventsOptions } from "../client/events/event-stream.ts";
export type { Fetch } from "../client/fetch/fetch.ts";
export type { LimitOptions } from "../client/limit-options.ts";
export type { Mounts } from "../client/mounts.ts";
export type { Multipart, MultipartPart, MultipartValue } from "../client/multipart/parts.ts";
export type { ClientOptions, ConnectionOptions, ExtendOptions } from "../client/options.ts";
export type { NextPage, PaginateOptions } from "../client/paginate.ts";
export type { Params } from "../client/params.ts";
export type { ProgressOptions } from "../client/progress-options.ts";
export type { TunnelOptions, UpgradeOptions } from "../client/raw/open-raw.ts";
export type { RawStream } from "../client/raw/raw-stream.ts";
export type { BodyOptions } from "../client/request-body.ts";
export { type CallPromise, ResponsePromise } from "../client/response-promise.ts";
export type { BuildOptions, SendOptions } from "../client/send-options.ts";
export type { LayerName } from "../client/stack.ts";
export type { ClientStats } from "../client/stats.ts";
export { type JsonLinesOptions, type LinesOptions, StreamResponse } from "../client/stream-response.ts";
export { type ToCurlOptions, toCurl } from "../client/to-curl.ts";
export type { Auth, AuthFlow } from "../core/auth.ts";
export {
  type CacheStore,
  type MemoryCacheOptions,
  MemoryCacheStore,
  type StoredResponse,
} from "../core/cache-store.ts";
export type { DefaultEncoding } from "../core/charset.ts";
export type { ClientPolicy, PolicyName } from "../core/client-policy.ts";
export type { CookieCall, CookieStore } from "../core/cookie-store.ts";
export type { Deadline } from "../core/deadline.ts";
export { type Duration, formatDuration, parseDuration } from "../core/duration.ts";
export type { ErrorCode } from "../core/error-codes.ts";
export * from "../core/error-guards.ts";
export * from "../core/errors.ts";
export { Headers, type HeadersInit } from "../core/headers.ts";
export type { Hooks } from "../core/hooks.ts";
export type { ParseJson, StringifyJson } from "../core/json.ts";
export type { Link } from "../core/link-header.ts";
export type { Logger } from "../core/logger.ts";
export type {
  AddressGuardOptions,
  Lookup,
  LookupAnswer,
  NetworkOptions,
  ServerCertificate,
  TlsOptions,
  TlsVersion,
} from "../core/ports.ts";
export type { Progress, ProgressListener } from "../core/progress.ts";
export type { ProxyOption, ProxySettings } from "../core/proxy-options.ts";
export { type Extensions, Request } from "../core/request.ts";
export type { CallEvents, RedirectEvent, RequestContext, RetryEvent } from "../core/request-context.ts";
export type { CacheStatus } from "../core/response.ts";
export { Response } from "../core/response.ts";
export type { Layer, Service, Transport } from "../core/service.ts";
export type { SchemaIssue, StandardSchema } from "../core/standard-schema.ts";
export type { Timings } from "../core/timings.ts";
export type { Trace, TraceEvent, TraceEventName, TraceInfo } from "../core/trace.ts";
export {
  type AdaptiveLimitOptions,
  type AdaptiveLimitStats,
  adaptiveLimit,
} from "../layers/adaptive-limit/adaptive-limit-policy.ts";
export { BasicAuth } from "../layers/auth/basic-auth.ts";
export { BearerAuth, type TokenSource } from "../layers/auth/bearer-auth.ts";
export type { OAuth2ClientCredentialsOptions } from "../layers/auth/oauth2-client-credentials.ts";
export {
  type CircuitBreakerStats,
  circuitBreaker,
} from "../layers/circuit-breaker/circuit-breaker-policy.ts";
export {
  type CoalesceOptions,
  type CoalesceStats,
  coalesce,
} from "../layers/coalesce/coalesce-policy.ts";
export { type CookieAttributes, CookieJar, type CookieJarOptions } from "../layers/cookies/cookie-jar.ts";
export type { SameSite, SavedCookie, SavedCookies } from "../layers/cookies/saved-cookies.ts";
export type {
  Har,
  HarContent,
  HarEntry,
  HarPair,
  HarRequest,
  HarResponse,
  HarTimings,
} from "../layers/har/har.ts";
export type { HarOptions, HarRecorder } from "../layers/har/har-recorder.ts";
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
export { DigestAuth, NetrcAuth, OAuth2ClientCredentials } from "./node-auth.ts";
export { redactHeader, redactUrls } from "./redaction.ts";
export { VERSION } from "./version.ts";
