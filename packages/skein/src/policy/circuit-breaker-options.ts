import { type Duration, parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";
import { checkNames, requireCount } from "../core/option-names.ts";
import { type CircuitBreakerRules, DEFAULT_BREAKER_RULES } from "./circuit-breaker.ts";

export interface CircuitBreakerOptions {
  /** Over how long outcomes are counted. Default: 10 s. */
  window?: Duration;
  /** With fewer outcomes in the window nothing is decided. Default: 20. */
  minOutcomes?: number;
  /** The part of bad outcomes, more than 0 and at most 1, with which it opens. Default: 0.5. */
  badRatio?: number;
  /** How long it is open the first time, a fifth less or more by chance; twice as long each time that a probe fails. Default: 5 s. */
  openFor?: Duration;
  /** Default: 5 minutes. */
  maxOpenFor?: Duration;
  /** How many probes in all have to go well before it is closed. Default: 5. */
  probes?: number;
}

/** @throws InvalidOption naming the option */
export function breakerRules(given: CircuitBreakerOptions): CircuitBreakerRules {
  const names = ["window", "minOutcomes", "badRatio", "openFor", "maxOpenFor", "probes"];
  const options = checkNames(given, names, "circuitBreaker");
  const { badRatio = DEFAULT_BREAKER_RULES.badRatio } = options;
  if (typeof badRatio !== "number" || !(badRatio > 0 && badRatio <= 1))
    throw new InvalidOption(`circuitBreaker.badRatio: expected more than 0 and at most 1; got ${badRatio}`);
  const time = (name: "window" | "openFor" | "maxOpenFor", standard: number): number => {
    const ms =
      options[name] === undefined ? standard : parseDuration(options[name], `circuitBreaker.${name}`);
    if (ms > 0) return ms;
    throw new InvalidOption(`circuitBreaker.${name}: expected more than no time`);
  };
  const openMs = time("openFor", DEFAULT_BREAKER_RULES.openMs);
  return {
    windowMs: time("window", DEFAULT_BREAKER_RULES.windowMs),
    minOutcomes: requireCount(
      options.minOutcomes ?? DEFAULT_BREAKER_RULES.minOutcomes,
      "circuitBreaker.minOutcomes",
      1,
    ),
    badRatio,
    openMs,
    maxOpenMs: Math.max(openMs, time("maxOpenFor", DEFAULT_BREAKER_RULES.maxOpenMs)),
    probes: requireCount(options.probes ?? DEFAULT_BREAKER_RULES.probes, "circuitBreaker.probes", 1),
  };
}
