import type { CacheStore, MemoryCacheOptions } from "../core/cache-store.ts";
import { type ClientPolicy, POLICY_NAMES } from "../core/client-policy.ts";
import type { CookieStore } from "../core/cookie-store.ts";
import { InvalidOption } from "../core/errors.ts";
import type { Headers, HeadersInit } from "../core/headers.ts";
import { HOOK_NAMES, type Hooks } from "../core/hooks.ts";
import type { StringifyJson } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import { checkNames, requireFunction } from "../core/option-names.ts";
import { ownOptions } from "../core/own-options.ts";
import type { NetworkOptions, RuntimePorts, TlsOptions } from "../core/ports.ts";
import type { CallSettings } from "../core/request-context.ts";
import type { Transport } from "../core/service.ts";
import { parseUrl, type Url } from "../core/url.ts";
import type { CacheSettings } from "../layers/cache/cache-layer.ts";
import { wireLog } from "../layers/trace/wire-log.ts";
import type { RetryPurse } from "../policy/retry-budget.ts";
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
import { DEFAULT_LIMITS, type LimitOptions, type Limits, normalizeLimits } from "./limit-options.ts";
import type { Mounts } from "./mounts.ts";
import { clientLoggers } from "./observers.ts";
import { type ParamPairs, type Params, parseParams } from "./params.ts";
import type { Encoders } from "./request-body.ts";

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
   * How the client treats servers that are slow, busy or down: any of `coalesce()`, `hedge()`, `circuitBreaker()`,
   * `rateLimit()` and `adaptiveLimit()`; where each stands among the layers is its own matter. They are added to those of a
   * client that is extended, and hold for batches as well. Default: none.
   *
   * @example
   * new Client({ policies: [circuitBreaker(), rateLimit("100/s")] });
   */
  policies?: readonly ClientPolicy[];
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
  /** The store of a client that asks for a cache in memory. */
  readonly newCacheStore: (options: MemoryCacheOptions) => CacheStore;
  /** What relative URLs are relative to, where there is a page; asked each time, as pages move. */
  readonly pageUrl: (() => string | undefined) | undefined;
}

/** A client's options, complete and checked. */
export interface ClientSettings extends Platform {
  readonly baseUrl: Url | undefined;
  readonly headers: Headers;
  readonly params: ParamPairs;
  readonly limits: Limits;
  readonly hooks: Hooks | undefined;
  readonly cache: CacheSettings | undefined;
  readonly stringifyJson: StringifyJson | undefined;
  readonly loggers: readonly Logger[];
  /** The one that the environment asks for. */
  readonly environmentLogger: Logger | undefined;
  readonly cookies: CookieSettings;
  readonly retryBudget: RetryPurse;
  readonly policies: readonly ClientPolicy[];
  readonly buffered: CallSettings;
  readonly streaming: CallSettings;
  /** Of `client.events`: they come when they come. */
  readonly eventStreams: CallSettings;
  /** Of `client.fetch`: its callers retry themselves, and know no timeouts but what they set. */
  readonly fetch: CallSettings;
}

const NONE = Number.POSITIVE_INFINITY;

const DEFAULT_CALL: CallSettings = {
  timeouts: { total: 300_000, connect: 5_000, read: 30_000, write: 30_000, headers: NONE, pool: NONE },
  policies: { attempts: 3, spendsBudget: true, maxRedirects: 20, downgrade: false },
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
  "priority",
  "policies",
  ...CREDENTIAL_NAMES,
];
export const NETWORK_NAMES: readonly string[] = [
  "lookup",
  "localAddress",
  "socketPath",
  "blockPrivateAddresses",
  "http1",
  "http2",
  "proxy",
  "trustEnv",
];
const POOL_NAMES = ["limits", "tls", "transport", "mounts", ...NETWORK_NAMES];

/** What acts on the connections that a `transport` stands in the place of. */
export const OF_CONNECTIONS: readonly string[] = [
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
  platform: OptionPorts &
    Pick<Platform, "newJar" | "newCacheStore" | "encodeMultipart"> & { newRetryBudget(): RetryPurse },
): ClientSettings {
  const { files, pageUrl, newJar, newCacheStore, encodeMultipart, environmentLogger } = platform;
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
    newCacheStore,
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
    retryBudget: platform.newRetryBudget(),
    policies: [],
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
export function connectionLimits(options: ConnectionOptions): Limits {
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
    newCacheStore: base.newCacheStore,
    encodeMultipart: base.encodeMultipart,
    baseUrl,
    headers: replaceCredentials(base.headers, options).merge(options.headers),
    params: [...base.params, ...parseParams(options.params)],
    limits: base.limits,
    hooks,
    cache: clientCache(base.cache, cache, base.newCacheStore),
    stringifyJson: ownStringify(stringifyJson, base.stringifyJson),
    loggers,
    environmentLogger: base.environmentLogger,
    cookies: clientCookies(base.cookies, options.cookies, base.newJar),
    retryBudget: base.retryBudget,
    policies: options.policies === undefined ? base.policies : addPolicies(base.policies, options.policies),
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

function addPolicies(
  base: readonly ClientPolicy[],
  policies: readonly ClientPolicy[],
): readonly ClientPolicy[] {
  if (!Array.isArray(policies)) throw new InvalidOption("policies: expected a list");
  for (const policy of policies) {
    if (!POLICY_NAMES.includes(policy?.name) || typeof policy.layer !== "function")
      throw new InvalidOption(`policies: expected what ${POLICY_NAMES.join("(), ")}() return`);
  }
  return Object.freeze([...base, ...policies]);
}

function mergeHooks(base: Hooks | undefined, hooks: Hooks | undefined): Hooks | undefined {
  if (hooks === undefined) return base;
  const own = checkNames(hooks, HOOK_NAMES, "hooks");
  for (const name of HOOK_NAMES) {
    if (own[name] !== undefined) requireFunction(own[name], `hooks.${name}`);
  }
  return Object.freeze(Object.assign(Object.create(null), base, own));
}
