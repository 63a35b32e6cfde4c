import { timeLeft } from "../core/deadline.ts";
import { parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";
import { checkNames, requireCount, requireFunction } from "../core/option-names.ts";
import type { CallSettings } from "../core/request-context.ts";
import { type CircuitBreakerRules, DEFAULT_BREAKER_RULES } from "../policy/circuit-breaker.ts";
import { breakerRules } from "../policy/circuit-breaker-options.ts";
import { type NormalizedRate, parseRate } from "../policy/rate.ts";
import type { BatchOptions } from "./batch-options.ts";
import { type ErrorLimit, errorLimit } from "./error-limit.ts";

/** How many, and how often: what may be changed while a batch runs. */
export interface LimitSettings {
  readonly concurrency: number;
  /** Whether it is the most that there may be, and what this process has decides. */
  readonly findsConcurrency: boolean;
  readonly perOrigin: number;
  /** Whether how many is found out, up to `perOrigin`. */
  readonly findsPerOrigin: boolean;
  readonly rate: NormalizedRate | undefined;
  readonly perOriginRate: NormalizedRate | undefined;
}

/** A batch's options, complete and checked. */
export interface BatchSettings extends LimitSettings {
  readonly perDomain: number | undefined;
  /** Undefined where an origin that fails is asked all the same. */
  readonly circuitBreaker: CircuitBreakerRules | undefined;
  readonly attempts: number;
  /** Undefined for the usual statuses. */
  readonly retryOn: ReadonlySet<number> | undefined;
  /** How long after its first attempt a task may begin another; `Infinity` where that does not matter. */
  readonly retryMaxTime: number;
  readonly cancelOnFailure: boolean;
  readonly hasTooManyErrors: ErrorLimit | undefined;
  readonly accept: (status: number) => boolean;
  /** What each attempt is made with: its timeout counts from its dispatch. */
  readonly call: CallSettings;
  /** Of bodies in memory, with which nothing more is started. */
  readonly maxBufferedBytes: number;
  /** Tasks taken from the input and not yet started, waiting ones included: so far a batch looks ahead. */
  readonly lookAhead: number;
  /** Of a batch in order: settled tasks that may wait for one before them. */
  readonly orderedWindow: number;
}

/** What the client that makes a batch is, and allows. */
export interface BatchBounds extends ConnectionBounds {
  readonly settings: CallSettings;
}

export interface ConnectionBounds {
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  readonly maxInFlightPerOrigin: number;
}

const NAMES =
  "request parse accept concurrency perOrigin perDomain rate perOriginRate circuitBreaker priority attempts retryOn retryMaxTime timeout deadline maxResponseBytes maxBufferedBytes onFailure fallback maxErrors group key ordered signal".split(
    " ",
  );
const DEFAULT_CONCURRENCY = 50;
const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_BUFFERED_BYTES = 256 * 1024 * 1024;
/**
 * While slots are free, no more is taken than can be started: so far it comes only where origins are at their limits, or left alone.
 * One that is down for a while must not fill it with its own tasks, and keep the others from theirs.
 */
const LEAST_LOOK_AHEAD = 10_000;
const LEAST_ORDERED = 1_000;

/** @throws InvalidOption naming the option; also when more is asked for than the client's pool can carry */
export function normalizeBatchOptions<I, V, R>(
  given: BatchOptions<I, V, R, unknown>,
  bounds: BatchBounds,
): BatchSettings {
  const options = checkNames(given, NAMES, "batch");
  const { settings } = bounds;
  // What is none is found out here, before the first item.
  timeLeft(options.deadline, { wallNow: () => 0 });
  const limits = limitSettings(options, bounds);
  checkEndings(options);
  return {
    ...limits,
    perDomain: options.perDomain && perDomainOf(options.perDomain),
    circuitBreaker: breakerOf(options.circuitBreaker),
    attempts: attemptsOf(options.attempts, settings),
    retryOn: options.retryOn === undefined ? undefined : statusesOf(options.retryOn),
    retryMaxTime:
      options.retryMaxTime === undefined
        ? Number.POSITIVE_INFINITY
        : parseDuration(options.retryMaxTime, "retryMaxTime"),
    cancelOnFailure: options.onFailure === "cancel-batch",
    hasTooManyErrors: options.maxErrors === undefined ? undefined : errorLimit(options.maxErrors),
    accept: options.accept ?? isSuccess,
    call: {
      ...settings,
      timeouts:
        options.timeout === undefined
          ? settings.timeouts
          : { ...settings.timeouts, total: parseDuration(options.timeout, "timeout") },
      maxResponseBytes: requireCount(
        options.maxResponseBytes ?? Math.min(DEFAULT_MAX_RESPONSE_BYTES, settings.maxResponseBytes),
        "maxResponseBytes",
        0,
      ),
    },
    maxBufferedBytes: requireCount(
      options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
      "maxBufferedBytes",
      1,
    ),
    lookAhead: Math.max(LEAST_LOOK_AHEAD, 10 * limits.concurrency),
    orderedWindow: Math.max(LEAST_ORDERED, 10 * limits.concurrency),
  };
}

/** @throws InvalidOption */
export function limitSettings(
  options: Pick<BatchOptions<never, never, never>, "concurrency" | "perOrigin" | "rate" | "perOriginRate">,
  bounds: ConnectionBounds,
): LimitSettings {
  const { wanted: concurrency, ...rest } = concurrencyOf(options, bounds);
  const { rate, perOriginRate } = options;
  return {
    concurrency,
    ...rest,
    rate: rate === undefined ? undefined : parseRate(rate, "rate"),
    perOriginRate: perOriginRate === undefined ? undefined : parseRate(perOriginRate, "perOriginRate"),
  };
}

const ON_FAILURE = ["continue", "cancel-group", "cancel-batch"];

function checkEndings<I, V, R>({ onFailure, group, key, fallback }: BatchOptions<I, V, R, unknown>): void {
  if (onFailure !== undefined && !ON_FAILURE.includes(onFailure)) {
    throw new InvalidOption(`onFailure: expected one of ${ON_FAILURE.join(", ")}; got "${onFailure}"`);
  }
  if (group !== undefined) requireFunction(group, "group");
  if (key !== undefined) requireFunction(key, "key");
  if (fallback !== undefined) requireFunction(fallback, "fallback");
  if ((group !== undefined) !== (onFailure === "cancel-group")) {
    throw new InvalidOption(
      'group: it says which tasks onFailure: "cancel-group" cancels; give both of them, or neither',
    );
  }
}

/** How many at once: in all, and to one origin. */
function concurrencyOf(
  { concurrency, perOrigin }: Pick<BatchOptions<unknown, unknown, unknown>, "concurrency" | "perOrigin">,
  { maxConnections, maxConnectionsPerOrigin, maxInFlightPerOrigin }: ConnectionBounds,
): { wanted: number; findsConcurrency: boolean; perOrigin: number; findsPerOrigin: boolean } {
  const findsConcurrency = concurrency === "auto";
  const wanted = requireCount(
    findsConcurrency ? maxConnections : (concurrency ?? Math.min(DEFAULT_CONCURRENCY, maxConnections)),
    "concurrency",
    1,
  );
  requireAtMost("concurrency", wanted, { name: "limits.maxConnections", value: maxConnections });
  const most = Math.min(wanted, maxConnectionsPerOrigin, maxInFlightPerOrigin);
  const findsPerOrigin = perOrigin === "auto" || (findsConcurrency && perOrigin === undefined);
  if (findsPerOrigin) return { wanted, findsConcurrency, perOrigin: most, findsPerOrigin };
  const given = requireCount((perOrigin as number | undefined) ?? most, "perOrigin", 1);
  requireAtMost("perOrigin", given, {
    name: "limits.maxConnectionsPerOrigin",
    value: maxConnectionsPerOrigin,
  });
  requireAtMost("perOrigin", given, { name: "limits.maxInFlightPerOrigin", value: maxInFlightPerOrigin });
  return { wanted, findsConcurrency, perOrigin: given, findsPerOrigin };
}

function breakerOf(
  given: BatchOptions<unknown, unknown, unknown>["circuitBreaker"],
): CircuitBreakerRules | undefined {
  if (given === false) return undefined;
  if (given === undefined || given === true) return DEFAULT_BREAKER_RULES;
  if (typeof given === "object" && given !== null) return breakerRules(given);
  throw new InvalidOption(`circuitBreaker: expected true, false or its options; got ${String(given)}`);
}

function attemptsOf(attempts: number | false | undefined, settings: CallSettings): number {
  if (attempts === undefined) return settings.policies.attempts;
  return attempts === false ? 1 : requireCount(attempts, "attempts", 1);
}

function perDomainOf(given: NonNullable<BatchOptions<unknown, unknown, unknown>["perDomain"]>): number {
  const { limit, domainOf } = checkNames(given, ["limit", "domainOf"], "perDomain");
  requireFunction(domainOf, "perDomain.domainOf");
  return requireCount(limit, "perDomain.limit", 1);
}

/** A set of its own: who changes the array later changes nothing. */
function statusesOf(given: readonly number[]): ReadonlySet<number> {
  const isRight = Array.isArray(given) && given.every(status => status >= 100 && status <= 599);
  if (isRight) return new Set(given);
  throw new InvalidOption(`retryOn: expected an array of statuses, such as [429, 503]`);
}

function requireAtMost(name: string, value: number, bound: { name: string; value: number }): void {
  if (value <= bound.value) return;
  throw new InvalidOption(
    `${name}: ${value} requests at once need as many connections, but the client's ${bound.name} is ${bound.value}`,
  );
}

/** @throws InvalidOption unless it can be compared */
export function checkPriority(priority: number): number {
  if (typeof priority === "number" && !Number.isNaN(priority)) return priority;
  throw new InvalidOption(`priority: expected a number; got ${String(priority)}`);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
