import type { ClientPolicy } from "../../core/client-policy.ts";
import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import { CircuitOpen, isSkeinError } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { CircuitBreaker, type CircuitBreakerRules, type CircuitState } from "../../policy/circuit-breaker.ts";
import { breakerRules, type CircuitBreakerOptions } from "../../policy/circuit-breaker-options.ts";
import { type Outcome, outcomeOfError, outcomeOfStatus } from "../../policy/outcome.ts";

/** What `client.stats().circuitBreaker` tells. */
export interface CircuitBreakerStats {
  /** Calls that were not sent because the circuit of their origin was open. */
  readonly refused: number;
  /** The origins whose circuit is not closed; `openFor` is in milliseconds. */
  readonly origins: Readonly<Record<string, { readonly state: CircuitState; readonly openFor: number }>>;
}

/**
 * Leaves an origin alone while it fails: when half of at least 20 requests in 10 s ended badly (no connection, a timeout, an
 * answer cut short, a status of 500 or above; never a 4xx), calls to it fail at once with CircuitOpen. After 5 s a few are let
 * through to see. Each origin has a circuit of its own.
 *
 * @throws InvalidOption
 * @example
 * const client = new Client({ policies: [circuitBreaker()] });
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): ClientPolicy {
  return new CircuitBreakerPolicy(breakerRules(options));
}

/** After so many origins, those whose circuit is closed and has nothing to remember are forgotten. */
const SWEEP_AT = 1_000;

class CircuitBreakerPolicy implements ClientPolicy {
  readonly name = "circuitBreaker";
  readonly #rules: CircuitBreakerRules;
  readonly #breakers = new Map<string, CircuitBreaker>();
  #sweepAt = SWEEP_AT;
  #refused = 0;

  constructor(rules: CircuitBreakerRules) {
    this.#rules = rules;
  }

  layer(clock: Clock): Layer {
    return inner => ({
      send: (request, context) => this.#send(request, context, { inner, clock }),
      close: () => inner.close(),
    });
  }

  stats(clock: Clock): CircuitBreakerStats {
    const now = clock.now();
    const origins: Record<string, { state: CircuitState; openFor: number }> = {};
    for (const [origin, breaker] of this.#breakers) {
      const state = breaker.state(now);
      if (state === "closed") continue;
      origins[origin] = { state, openFor: state === "open" ? breaker.mayPassAt(now) - now : 0 };
    }
    return { refused: this.#refused, origins };
  }

  async #send(
    request: Request,
    context: RequestContext,
    { inner, clock }: { inner: Service; clock: Clock },
  ): Promise<Response> {
    const now = clock.now();
    const breaker = this.#breakerOf(request.url.origin.key, clock);
    const passAt = breaker.mayPassAt(now);
    // A second request beside another is no probe.
    if (context.isSpare && breaker.state(now) !== "closed")
      throw circuitOpen(request, Number.POSITIVE_INFINITY);
    if (passAt > now) throw this.#refuse(request, passAt - now);
    const permit = breaker.pass(now);
    const end = (outcome: Outcome) => breaker.end(permit, outcome, clock.now());
    try {
      const response = await inner.send(request, context);
      const outcome = outcomeOfStatus(response.status);
      if (outcome === "bad") end(outcome);
      else response.body.whenSettled(failure => end(outcomeOfBody(failure)));
      return response;
    } catch (error) {
      end(isSkeinError(error) ? outcomeOfError(error) : "unknown");
      throw error;
    }
  }

  #refuse(request: Request, wait: number): CircuitOpen {
    this.#refused += 1;
    return circuitOpen(request, wait);
  }

  #breakerOf(origin: string, clock: Clock): CircuitBreaker {
    let breaker = this.#breakers.get(origin);
    if (breaker === undefined) {
      if (this.#breakers.size >= this.#sweepAt) this.#forgetQuiet(clock.now());
      breaker = new CircuitBreaker(() => clock.random(), this.#rules);
      this.#breakers.set(origin, breaker);
    }
    return breaker;
  }

  #forgetQuiet(now: number): void {
    for (const [origin, breaker] of this.#breakers) if (breaker.isQuiet(now)) this.#breakers.delete(origin);
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#breakers.size);
  }
}

/** @param wait in milliseconds; `Infinity`: until it is known whether the origin is well again */
function circuitOpen(request: Request, wait: number): CircuitOpen {
  const isProbed = wait === Number.POSITIVE_INFINITY;
  const until = isProbed ? "until a probe that is under way has ended" : `for ${formatDuration(wait)}`;
  const error = new CircuitOpen(
    "CIRCUIT_OPEN",
    `nothing is sent to ${request.url.origin.key} ${until}: too many requests to it have failed of late`,
    { phase: "queue", requestSent: "none" },
  );
  if (!isProbed) error.retryAfterMs = Math.ceil(wait);
  return error;
}

/** A body that was given up by its reader says nothing against the server. */
function outcomeOfBody(failure: Error | undefined): Outcome {
  if (failure === undefined) return "good";
  return isSkeinError(failure) ? outcomeOfError(failure) : "unknown";
}
