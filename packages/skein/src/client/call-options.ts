import { type DefaultEncoding, isKnownCharset } from "../core/charset.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";
import type { ParseJson } from "../core/json.ts";
import { checkNames, requireCount, requireFunction } from "../core/option-names.ts";
import { ownOptions } from "../core/own-options.ts";
import type { CallPolicies, CallSettings, Timeouts } from "../core/request-context.ts";
import type { Trace } from "../core/trace.ts";

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

export interface RetryOptions {
  /** Attempts in all, the first included. Default: 3. */
  attempts?: number;
  /**
   * Whether retries are paid from the client's budget, so that an outage is not answered with a multiple of the load: 5 tokens
   * each (10 after a timeout) of 500 a client and 100 an origin; a success gives back 0.5, a second 1. A call that fails when
   * too few are left ends with RetryBudgetExhausted. `false` for what must be tried again all the same. Default: true.
   */
  budget?: boolean;
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
  /** Whether a status that is not 2xx is an error of the call. Default: false. */
  raiseForStatus?: boolean;
  /**
   * The charset of text whose content-type names none: a name, or a function of the bytes. Default: UTF-8.
   */
  defaultEncoding?: DefaultEncoding;
  /**
   * Reads JSON in the place of `JSON.parse`, for `response.json()` and `jsonLines()`: to keep exact numbers, say. What it throws
   * becomes the cause of a DecodingError. `null`: as if there were none. Default: `JSON.parse`.
   *
   * @example
   * const client = new Client({ parseJson: text => JSON.parse(text, reviveDates) });
   */
  parseJson?: ParseJson | null;
  /**
   * Told of each step on the wire: HTTPX's event names (`connection.connect_tcp.started`, …), the wait for a connection
   * and its reuse. Credentials are left out. One that throws fails the call. `null` or `false` turns the client's off.
   *
   * @example
   * await client.get(url, { trace: ({ name, time, info }) => console.log(time, name, info) });
   */
  trace?: Trace | null | false;
  /** `null` or `false`: neither answered from the client's cache nor kept in it. */
  cache?: null | false;
  /**
   * Which calls go first where they wait for `adaptiveLimit()`, and which are the last that `loadShed()` refuses: a whole
   * number from -10 to 10, the higher one first. Default: 0.
   *
   * @example
   * await client.get("/recommendations", { priority: -1 });
   */
  priority?: number;
}

const NONE = Number.POSITIVE_INFINITY;

/** The options of a call that are made into its settings; those of its request are elsewhere. */
const CALL_NAMES = [
  "timeout",
  "retry",
  "redirect",
  "raiseForStatus",
  "defaultEncoding",
  "parseJson",
  "trace",
  "cache",
  "priority",
] as const;

/** The settings of one call: `base`, but for what `options` says. The same object when they say nothing. */
export function overrideCall(base: CallSettings, given: CallOptions): CallSettings {
  const options = ownOptions(given);
  const { timeout, retry, redirect, raiseForStatus, defaultEncoding, parseJson, trace, cache, priority } =
    options;
  if (CALL_NAMES.every(name => options[name] === undefined)) return base;
  return Object.freeze({
    ...base,
    timeouts: overrideTimeouts(base.timeouts, timeout),
    policies: overridePolicies(base.policies, retry, redirect),
    raiseForStatus: raiseForStatus ?? base.raiseForStatus,
    defaultEncoding: defaultEncoding === undefined ? base.defaultEncoding : checkEncoding(defaultEncoding),
    parseJson: parseJson === undefined ? base.parseJson : ownParser(parseJson),
    trace: trace === undefined ? base.trace : checkTrace(trace),
    bypassesCache: cache === undefined ? base.bypassesCache : bypassesCache(cache),
    priority: checkPriority(priority ?? base.priority),
  });
}

const TIMEOUT_NAMES = ["total", "connect", "read", "write", "headers", "pool"] as const;

function overrideTimeouts(base: Timeouts, timeout: CallOptions["timeout"]): Timeouts {
  if (timeout === undefined) return base;
  if (timeout === null || timeout === false) {
    return { total: NONE, connect: NONE, read: NONE, write: NONE, headers: NONE, pool: NONE };
  }
  if (typeof timeout !== "object") return { ...base, total: parseDuration(timeout, "timeout") };
  const given = checkNames(timeout, TIMEOUT_NAMES, "timeout");
  const timeouts: Record<string, number> = { ...base };
  for (const name of TIMEOUT_NAMES) {
    const value = given[name];
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
  const { attempts, budget } = checkNames(retry, ["attempts", "budget"], "retry");
  if (budget !== undefined && typeof budget !== "boolean")
    throw new InvalidOption(`retry.budget: expected true or false; got ${budget}`);
  return {
    ...(attempts === undefined ? {} : { attempts: requireCount(attempts, "retry.attempts", 1) }),
    ...(budget === undefined ? {} : { spendsBudget: budget }),
  };
}

function redirectPolicy(redirect: CallOptions["redirect"]): Partial<CallPolicies> {
  if (redirect === undefined) return {};
  if (redirect === null || redirect === false) return { maxRedirects: 0 };
  if (typeof redirect !== "object")
    throw new InvalidOption(`redirect: expected false or an object; got ${redirect}`);
  const { max, downgrade } = checkNames(redirect, ["max", "downgrade"], "redirect");
  return {
    ...(max === undefined ? {} : { maxRedirects: requireCount(max, "redirect.max", 0) }),
    ...(downgrade === undefined ? {} : { downgrade }),
  };
}

function checkEncoding(encoding: DefaultEncoding): DefaultEncoding {
  if (typeof encoding === "function" || isKnownCharset(encoding)) return encoding;
  throw new InvalidOption(
    `defaultEncoding: no charset is named "${encoding}"; expected one such as "utf-8" or "shift_jis"`,
  );
}

function ownParser(parse: ParseJson | null): ParseJson | undefined {
  return parse === null ? undefined : requireFunction(parse, "parseJson");
}

function checkTrace(trace: Trace | null | false): Trace | undefined {
  return trace === null || trace === false ? undefined : requireFunction(trace, "trace");
}

function bypassesCache(cache: null | false): true {
  if (cache === null || cache === false) return true;
  throw new InvalidOption(
    "cache: of one call it can only be turned off, with false; the client's option turns it on",
  );
}

/** Few levels, so that counts can be kept of each. */
function checkPriority(priority = 0): number {
  if (Number.isInteger(priority) && priority ** 2 <= 100) return priority;
  throw new InvalidOption(`priority: expected a whole number, -10 to 10; got ${priority}`);
}

/** Options that say how a call is made, not what is sent. */
const CALL_OPTION_NAMES = [...CALL_NAMES, "signal", "deadline", "fallback"] as const;
export type CallOptionName = (typeof CALL_OPTION_NAMES)[number];

/** For a request that is built without its call: what it can't carry must not be ignored. */
export function refuseCallOptions(options: object, instead: string): void {
  const given = CALL_OPTION_NAMES.find(name => (options as Record<string, unknown>)[name] !== undefined);
  if (given !== undefined)
    throw new InvalidOption(`${given}: it belongs to the call, not to the request; ${instead}`);
}
