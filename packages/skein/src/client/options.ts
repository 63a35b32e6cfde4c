import type { CookieStore } from "../core/cookie-store.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";
import type { Headers, HeadersInit } from "../core/headers.ts";
import type { StringifyJson } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import { checkNames, requireCount, requireFunction } from "../core/option-names.ts";
import { ownOptions } from "../core/own-options.ts";
import type { NetworkOptions, RuntimePorts, TlsOptions } from "../core/ports.ts";
import type { CallSettings } from "../core/request-context.ts";
import type { Transport } from "../core/service.ts";
import { parseUrl, type Url } from "../core/url.ts";
import type { CacheSettings } from "../layers/cache/cache-layer.ts";
import { HOOK_NAMES, type Hooks } from "../layers/hooks/hooks-layer.ts";
import { wireLog } from "../layers/trace/wire-log.ts";
import { type CacheOptions, clientCache } from "./cache-options.ts";
import { type CallOptions, overrideCall } from "./call-options.ts";
import {
  type ClientCredentials,
  type CookieSettings,
  CREDENTIAL_NAMES,
  clientAuth,
  clientCookies,
  NO_COOKIES,
  replaceCredentials,
} from "./credentials.ts";
import { ownStringify } from "./json-body.ts";
import type { Mounts } from "./mounts.ts";
import { clientLoggers } from "./observers.ts";
import { type ParamPairs, type Params, parseParams } from "./params.ts";
import type { Encoders } from "./request-body.ts";

export interface LimitOptions {
  /** Connections in all. Default: 256. */
  maxConnections?: number;
  /** Default: 100. */
  maxConnectionsPerOrigin?: number;
  /**
   * Requests to one origin that may be under way at once, bodies included, however many a connection could carry; the
   * others wait their turn. Default: 100, or `maxConnectionsPerOrigin` where that is more.
   */
  maxInFlightPerOrigin?: number;
  /** Connections that are kept while nothing is under way on them; 0 keeps none. Default: all. */
  maxKeepAlive?: number;
  /**
   * Calls that may wait for a connection; those for which one is being opened are not counted. A call beyond them fails at
   * once with PoolFull. Default: no limit, only timeouts end the wait.
   */
  maxWaiting?: number;
  /** Requests after which a connection is not used again. Default: no limit. */
  maxRequestsPerConnection?: number;
  /** How long an idle connection is kept. Default: 5 s. */
  keepAliveExpiry?: Duration;
  /** The age at which a connection is not used again. Default: 5 minutes. */
  maxAge?: Duration;
  /** Bytes of a response's head. Default: 64 KiB. */
  maxHeaderBytes?: number;
  /** Bytes of a decoded body that is read into memory. Default: 256 MiB. A stream has no limit of its own. */
  maxResponseBytes?: number;
  /**
   * How long a streamed body that nobody begins to read keeps its connection; the reader then gets StreamClosed. One who
   * has begun may take any time. Default: 60 s.
   */
  unreadBodyTimeout?: Duration;
}

/** What a client that extends another may say; the rest belongs to the pool that they share. */
export interface ExtendOptions extends Omit<CallOptions, "cache">, ClientCredentials {
  /**
   * Answers GETs from what was received before (RFC 9111, a private cache): `true`, or where and how much is kept.
   * `response.cacheStatus` tells what it did. Streams go by it. Default: none.
   */
  cache?: CacheOptions | boolean | null;
  /**
   * What the URLs of requests are appended to: "/v1" + "/users" → "/v1/users". A string never leads out of it; a URL
   * object is sent where it says, without the client's credentials where that is another origin.
   */
  baseUrl?: string | URL;
  /** Sent with every request; a request's own replace them by name, `null` removes one. */
  headers?: HeadersInit;
  /** Added to the query of every request. */
  params?: Params;
  /** Functions that are told of each request, response, error, retry and redirect. */
  hooks?: Hooks;
  /**
   * Writes `json` bodies in the place of `JSON.stringify`; it must return text. One that throws fails the call. `null`: as if
   * there were none. Default: `JSON.stringify`, and an error for what JSON can't say.
   */
  stringifyJson?: StringifyJson | null;
  /**
   * Any logger of pino's or the console's shape: a line a request at `info`, a failed one at `error`, what goes over the
   * wire at `debug`. Credentials are left out. `SKEIN_LOG=info` or `debug` logs to stderr besides; `false` turns both off.
   */
  logger?: Logger | null | false;
}

/** What connections are made and kept by. */
export interface ConnectionOptions extends NetworkOptions {
  limits?: LimitOptions;
  tls?: TlsOptions;
}

export interface ClientOptions extends ExtendOptions, NetworkOptions {
  limits?: LimitOptions;
  /** Which servers are trusted, and how this client proves itself to them. Default: the runtime's and the system's roots. */
  tls?: TlsOptions;
  /**
   * What carries the requests in the place of the client's own connections: `fetchTransport()`, those of `skein/testing`,
   * or any service. `tls` and the connections' `limits` then have nothing to act on, and are refused.
   */
  transport?: Transport;
  /**
   * Transports for some URLs, the most specific pattern first: scheme (`all`, `http`, `https`), host (`*.example.com`: the names
   * below it; `*example.com`: itself as well) and port. `null`: the client's own. Each hop of a redirect is looked up anew.
   * Closing the client closes them; `extend()` and `with()` share them.
   *
   * @example
   * new Client({ mounts: { "https://*.internal.example": internal, "all://www.internal.example": null } });
   */
  mounts?: Mounts;
}

/** What the defaults of options depend on. */
export type OptionPorts = Partial<
  Pick<RuntimePorts, "files" | "environmentLogger"> & Pick<Platform, "pageUrl">
>;

/** What a client's platform has, or has not. */
interface Platform extends Encoders {
  /** The jar of a client that asks for cookies. */
  readonly newJar: () => CookieStore;
  /** What relative URLs are relative to, where there is a page; asked each time, as pages move. */
  readonly pageUrl: (() => string | undefined) | undefined;
}

/** A client's options, complete and checked. */
export interface ClientSettings extends Platform {
  readonly baseUrl: Url | undefined;
  readonly headers: Headers;
  readonly params: ParamPairs;
  readonly limits: Required<{ [K in keyof LimitOptions]: number }>;
  readonly hooks: Hooks | undefined;
  readonly cache: CacheSettings | undefined;
  readonly stringifyJson: StringifyJson | undefined;
  readonly loggers: readonly Logger[];
  /** The one that the environment asks for. */
  readonly environmentLogger: Logger | undefined;
  readonly cookies: CookieSettings;
  readonly buffered: CallSettings;
  readonly streaming: CallSettings;
  /** Of `client.events`: they come when they come. */
  readonly eventStreams: CallSettings;
  /** Of `client.fetch`: its callers retry themselves, and know no timeouts but what they set. */
  readonly fetch: CallSettings;
}

const NONE = Number.POSITIVE_INFINITY;
const MIB = 1024 * 1024;

const DEFAULT_LIMITS: ClientSettings["limits"] = {
  maxConnections: 256,
  maxConnectionsPerOrigin: 100,
  maxInFlightPerOrigin: 100,
  maxKeepAlive: NONE,
  maxWaiting: NONE,
  maxRequestsPerConnection: NONE,
  keepAliveExpiry: 5_000,
  maxAge: 300_000,
  maxHeaderBytes: 64 * 1024,
  maxResponseBytes: 256 * MIB,
  unreadBodyTimeout: 60_000,
};

const TIME_LIMITS = new Set(["keepAliveExpiry", "maxAge", "unreadBodyTimeout"]);

const DEFAULT_CALL: CallSettings = {
  timeouts: { total: 300_000, connect: 5_000, read: 30_000, write: 30_000, headers: NONE, pool: NONE },
  policies: { attempts: 3, maxRedirects: 20, downgrade: false },
  streaming: false,
  maxResponseBytes: DEFAULT_LIMITS.maxResponseBytes,
  raiseForStatus: false,
  defaultEncoding: undefined,
  parseJson: undefined,
  events: undefined,
  auth: undefined,
  progress: undefined,
  receiver: undefined,
  cookies: undefined,
  trace: undefined,
  wireLog: undefined,
};

const EXTEND_NAMES = [
  "baseUrl",
  "headers",
  "params",
  "hooks",
  "logger",
  "timeout",
  "retry",
  "redirect",
  "raiseForStatus",
  "defaultEncoding",
  "parseJson",
  "stringifyJson",
  "trace",
  "cache",
  ...CREDENTIAL_NAMES,
];
const NETWORK_NAMES = [
  "lookup",
  "localAddress",
  "socketPath",
  "blockPrivateAddresses",
  "http2",
  "proxy",
  "trustEnv",
];
const POOL_NAMES = ["limits", "tls", "transport", "mounts", ...NETWORK_NAMES];

/** What acts on the connections that a `transport` stands in the place of. */
const OF_CONNECTIONS: readonly string[] = [
  "tls",
  ...NETWORK_NAMES,
  ...Object.keys(DEFAULT_LIMITS)
    .filter(name => name !== "maxResponseBytes")
    .map(name => `limits.${name}`),
];

/**
 * Completes and checks a client's options.
 *
 * @throws InvalidOption naming the option: an unknown name, a value that makes no sense
 */
export function normalizeClientOptions(
  options: ClientOptions,
  defaultHeaders: Headers,
  platform: OptionPorts & Pick<Platform, "newJar" | "encodeMultipart">,
): ClientSettings {
  const { files, pageUrl, newJar, encodeMultipart, environmentLogger } = platform;
  const fromEnvironment = environmentLogger?.();
  checkNames(options, [...EXTEND_NAMES, ...POOL_NAMES], "Client");
  if (options.transport !== undefined) checkTransport(options.transport, options);
  const limits = normalizeLimits(options.limits);
  const buffered = { ...DEFAULT_CALL, maxResponseBytes: limits.maxResponseBytes };
  const streaming = {
    ...buffered,
    streaming: true,
    maxResponseBytes: (options.limits && ownOptions(options.limits).maxResponseBytes) ?? NONE,
    timeouts: { ...buffered.timeouts, total: NONE },
  };
  const eventStreams = { ...streaming, timeouts: { ...streaming.timeouts, read: NONE } };
  const fetch = {
    ...streaming,
    timeouts: { ...streaming.timeouts, read: NONE },
    policies: { ...streaming.policies, attempts: 1 },
  };
  const base = {
    files,
    pageUrl,
    newJar,
    encodeMultipart,
    baseUrl: undefined,
    headers: defaultHeaders,
    params: [],
    limits,
    hooks: undefined,
    cache: undefined,
    stringifyJson: undefined,
    loggers: fromEnvironment === undefined ? [] : [fromEnvironment],
    environmentLogger: fromEnvironment,
    cookies: NO_COOKIES,
    buffered,
    streaming,
    eventStreams,
    fetch,
  };
  return apply(base, options);
}

/**
 * The settings of a client that extends another.
 *
 * @throws InvalidOption also for what belongs to the pool that the two share
 */
export function extendSettings(settings: ClientSettings, options: ExtendOptions): ClientSettings {
  const shared = POOL_NAMES.find(name => Object.hasOwn(options, name));
  if (shared !== undefined) {
    throw new InvalidOption(
      `extend: "${shared}" belongs to the connections that both clients share; make a new Client for others`,
    );
  }
  return apply(settings, checkNames(options, EXTEND_NAMES, "extend"));
}

/**
 * The limits of connections that belong to no client.
 *
 * @throws InvalidOption naming the option: an unknown name, a value that makes no sense
 */
export function connectionLimits(options: ConnectionOptions): ClientSettings["limits"] {
  return normalizeLimits(checkNames(options, ["limits", "tls", ...NETWORK_NAMES], "httpTransport").limits);
}

function apply(base: ClientSettings, options: ExtendOptions): ClientSettings {
  const { cache, stringifyJson, ...callOptions } = options;
  const hooks = mergeHooks(base.hooks, options.hooks);
  const events = hooks?.retry === undefined && hooks?.redirect === undefined ? undefined : hooks;
  const baseUrl = options.baseUrl === undefined ? base.baseUrl : parseBase(options.baseUrl, base.pageUrl);
  const loggers = clientLoggers(base.loggers, options.logger, base.environmentLogger);
  const own = { events, wireLog: wireLog(loggers), auth: clientAuth(base.buffered.auth, options, baseUrl) };
  return Object.freeze({
    files: base.files,
    pageUrl: base.pageUrl,
    newJar: base.newJar,
    encodeMultipart: base.encodeMultipart,
    baseUrl,
    headers: replaceCredentials(base.headers, options).merge(options.headers),
    params: [...base.params, ...parseParams(options.params)],
    limits: base.limits,
    hooks,
    cache: clientCache(base.cache, cache),
    stringifyJson: ownStringify(stringifyJson, base.stringifyJson),
    loggers,
    environmentLogger: base.environmentLogger,
    cookies: clientCookies(base.cookies, options.cookies, base.newJar),
    buffered: overrideCall({ ...base.buffered, ...own }, callOptions),
    streaming: overrideCall({ ...base.streaming, ...own }, callOptions),
    eventStreams: overrideCall({ ...base.eventStreams, ...own }, callOptions),
    fetch: overrideCall({ ...base.fetch, ...own }, { ...callOptions, retry: 1, raiseForStatus: false }),
  });
}

function checkTransport(transport: Transport, options: ClientOptions): void {
  if (typeof transport?.send !== "function" || typeof transport.close !== "function")
    throw new InvalidOption(
      "transport: expected a service, an object with send(request, context) and close()",
    );
  refuseUnsupported(options, [...OF_CONNECTIONS, ...(transport.unsupported ?? [])]);
}

/**
 * Refuses what the client's transport can't honour.
 *
 * @throws InvalidOption naming the option
 */
export function refuseUnsupported(options: object, unsupported: readonly string[] | undefined): void {
  if (unsupported === undefined || unsupported.length === 0) return;
  for (const name of unsupported) {
    const value = name
      .split(".")
      .reduce<unknown>((found, key) => found?.[key as keyof typeof found], options);
    if (value !== undefined && value !== null && value !== false)
      throw new InvalidOption(`${name}: this client's transport has no way to do that; leave the option out`);
  }
}

function parseBase(baseUrl: string | URL, pageUrl: Platform["pageUrl"]): Url {
  const url = parseUrl(typeof baseUrl === "string" ? baseUrl : baseUrl.href, pageUrl?.());
  if (url.hash === "") return url;
  throw new InvalidOption(`baseUrl: ${url.href} has a fragment ("#"), which nothing can be appended to`);
}

function mergeHooks(base: Hooks | undefined, hooks: Hooks | undefined): Hooks | undefined {
  if (hooks === undefined) return base;
  const own = checkNames(hooks, HOOK_NAMES, "hooks");
  for (const name of HOOK_NAMES) {
    if (own[name] !== undefined) requireFunction(own[name], `hooks.${name}`);
  }
  return Object.freeze(Object.assign(Object.create(null), base, own));
}

function normalizeLimits(limits: LimitOptions = {}): ClientSettings["limits"] {
  checkNames(limits, Object.keys(DEFAULT_LIMITS), "limits");
  const normalized: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    normalized[name] = TIME_LIMITS.has(name)
      ? parseDuration(value, `limits.${name}`)
      : requireCount(value, `limits.${name}`, name === "maxKeepAlive" || name === "maxWaiting" ? 0 : 1);
  }
  if (limits.maxInFlightPerOrigin === undefined)
    normalized.maxInFlightPerOrigin = Math.max(
      DEFAULT_LIMITS.maxInFlightPerOrigin,
      normalized.maxConnectionsPerOrigin!,
    );
  return normalized as ClientSettings["limits"];
}
