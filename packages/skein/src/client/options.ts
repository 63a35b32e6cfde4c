import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";
import type { Headers, HeadersInit } from "../core/headers.ts";
import { checkNames, requireCount } from "../core/option-names.ts";
import type { TlsOptions } from "../core/ports.ts";
import type { CallPolicies, CallSettings, Timeouts } from "../core/request-context.ts";
import { type Params, parseParams } from "./params.ts";

/** How long to wait. A number or string alone is `total`; `null` or `false` in a place turns that one off. */
export interface TimeoutOptions {
  /** The whole call: queue, retries, redirects and body. Default: 5 minutes; none for `stream`. */
  total?: Duration | null | false;
  /** Name resolution, TCP and TLS. Default: 5 s. */
  connect?: Duration | null | false;
  /** Between two bytes from the server. Default: 30 s. */
  read?: Duration | null | false;
  /** Between two moments in which the network takes bytes. Default: 30 s. */
  write?: Duration | null | false;
  /** From the last byte sent to the end of the response's head. Default: none. */
  headers?: Duration | null | false;
  /** Waiting for a connection. Default: none. */
  pool?: Duration | null | false;
}

export interface LimitOptions {
  /** Connections in all. Default: 256. */
  maxConnections?: number;
  /** Default: 100. */
  maxConnectionsPerOrigin?: number;
  /** How long an idle connection is kept. Default: 5 s. */
  keepAliveExpiry?: Duration;
  /** The age at which a connection is not used again. Default: 5 minutes. */
  maxAge?: Duration;
  /** Bytes of a response's head. Default: 64 KiB. */
  maxHeaderBytes?: number;
  /** Bytes of a decoded body that is read into memory. Default: 256 MiB. A stream has no limit of its own. */
  maxResponseBytes?: number;
}

export interface RetryOptions {
  /** Attempts in all, the first included. Default: 3. */
  attempts?: number;
}

export interface RedirectOptions {
  /** Default: 20. */
  max?: number;
  /** Follow from https to http, without credentials. Default: false. */
  downgrade?: boolean;
}

/** What may be said of one call, and as a default of a client. */
export interface CallOptions {
  timeout?: Duration | TimeoutOptions | null | false;
  /** What is safe to repeat is tried again, 3 attempts in all. `false` turns it off, a number is `attempts`. */
  retry?: RetryOptions | number | null | false;
  /** Redirects are followed, at most 20. `false` returns the redirecting response. */
  redirect?: RedirectOptions | null | false;
}

export interface ClientOptions extends CallOptions {
  /** Sent with every request; a request's own replace them by name, `null` removes one. */
  headers?: HeadersInit;
  /** Added to the query of every request. */
  params?: Params;
  limits?: LimitOptions;
  /** `ca`: trusted authorities, PEM. `verify: false` accepts any certificate. */
  tls?: TlsOptions;
}

/** A client's options, complete and checked. */
export interface ClientSettings {
  readonly headers: Headers;
  readonly params: readonly (readonly [string, string | null])[];
  readonly limits: Required<{ [K in keyof LimitOptions]: number }>;
  readonly buffered: CallSettings;
  readonly streaming: CallSettings;
}

const NONE = Number.POSITIVE_INFINITY;
const MIB = 1024 * 1024;

const DEFAULT_LIMITS: ClientSettings["limits"] = {
  maxConnections: 256,
  maxConnectionsPerOrigin: 100,
  keepAliveExpiry: 5_000,
  maxAge: 300_000,
  maxHeaderBytes: 64 * 1024,
  maxResponseBytes: 256 * MIB,
};

const DEFAULT_CALL: CallSettings = {
  timeouts: { total: 300_000, connect: 5_000, read: 30_000, write: 30_000, headers: NONE, pool: NONE },
  policies: { attempts: 3, maxRedirects: 20, downgrade: false },
  streaming: false,
  maxResponseBytes: DEFAULT_LIMITS.maxResponseBytes,
};

const CLIENT_NAMES = ["headers", "params", "timeout", "limits", "retry", "redirect", "tls"] as const;

/**
 * Completes and checks a client's options.
 *
 * @throws InvalidOption naming the option: an unknown name, a value that makes no sense
 */
export function normalizeClientOptions(options: ClientOptions, defaultHeaders: Headers): ClientSettings {
  checkNames(options, CLIENT_NAMES, "Client");
  if (options.tls !== undefined) checkNames(options.tls, ["ca", "verify"], "tls");
  const limits = normalizeLimits(options.limits);
  const base = { ...DEFAULT_CALL, maxResponseBytes: limits.maxResponseBytes };
  const streams = {
    ...base,
    streaming: true,
    maxResponseBytes: options.limits?.maxResponseBytes ?? NONE,
    timeouts: { ...base.timeouts, total: NONE },
  };
  return Object.freeze({
    headers: defaultHeaders.merge(options.headers),
    params: parseParams(options.params),
    limits,
    buffered: overrideCall(base, options),
    streaming: overrideCall(streams, options),
  });
}

/** The settings of one call: `base`, but for what `options` says. The same object when they say nothing. */
export function overrideCall(base: CallSettings, options: CallOptions): CallSettings {
  const { timeout, retry, redirect } = options;
  if (timeout === undefined && retry === undefined && redirect === undefined) return base;
  return Object.freeze({
    ...base,
    timeouts: overrideTimeouts(base.timeouts, timeout),
    policies: overridePolicies(base.policies, retry, redirect),
  });
}

const TIMEOUT_NAMES = ["total", "connect", "read", "write", "headers", "pool"] as const;

function overrideTimeouts(base: Timeouts, timeout: CallOptions["timeout"]): Timeouts {
  if (timeout === undefined) return base;
  if (timeout === null || timeout === false) {
    return { total: NONE, connect: NONE, read: NONE, write: NONE, headers: NONE, pool: NONE };
  }
  if (typeof timeout !== "object") return { ...base, total: parseDuration(timeout, "timeout") };
  checkNames(timeout, TIMEOUT_NAMES, "timeout");
  const timeouts: Record<string, number> = { ...base };
  for (const name of TIMEOUT_NAMES) {
    const value = timeout[name];
    if (value === undefined) continue;
    timeouts[name] = value === null || value === false ? NONE : parseDuration(value, `timeout.${name}`);
  }
  return timeouts as unknown as Timeouts;
}

function overridePolicies(
  base: CallPolicies,
  retry: CallOptions["retry"],
  redirect: CallOptions["redirect"],
): CallPolicies {
  return { ...base, ...retryPolicy(retry), ...redirectPolicy(redirect) };
}

function retryPolicy(retry: CallOptions["retry"]): Partial<CallPolicies> {
  if (retry === undefined) return {};
  if (retry === null || retry === false) return { attempts: 1 };
  if (typeof retry === "number") return { attempts: requireCount(retry, "retry", 1) };
  if (typeof retry !== "object")
    throw new InvalidOption(`retry: expected false, a number or an object; got ${retry}`);
  checkNames(retry, ["attempts"], "retry");
  return retry.attempts === undefined ? {} : { attempts: requireCount(retry.attempts, "retry.attempts", 1) };
}

function redirectPolicy(redirect: CallOptions["redirect"]): Partial<CallPolicies> {
  if (redirect === undefined) return {};
  if (redirect === null || redirect === false) return { maxRedirects: 0 };
  if (typeof redirect !== "object")
    throw new InvalidOption(`redirect: expected false or an object; got ${redirect}`);
  checkNames(redirect, ["max", "downgrade"], "redirect");
  return {
    ...(redirect.max === undefined ? {} : { maxRedirects: requireCount(redirect.max, "redirect.max", 0) }),
    ...(redirect.downgrade === undefined ? {} : { downgrade: redirect.downgrade }),
  };
}

function normalizeLimits(limits: LimitOptions = {}): ClientSettings["limits"] {
  checkNames(limits, Object.keys(DEFAULT_LIMITS), "limits");
  const normalized: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    const isTime = name === "keepAliveExpiry" || name === "maxAge";
    normalized[name] = isTime
      ? parseDuration(value, `limits.${name}`)
      : requireCount(value, `limits.${name}`, 1);
  }
  return normalized as ClientSettings["limits"];
}
