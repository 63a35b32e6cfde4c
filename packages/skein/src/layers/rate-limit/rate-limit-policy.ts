import type { ClientPolicy } from "../../core/client-policy.ts";
import type { Clock } from "../../core/clock.ts";
import { type Duration, parseDuration } from "../../core/duration.ts";
import { InvalidOption } from "../../core/errors.ts";
import { checkNames, requireCount } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { type NormalizedRate, parseRate, type Rate } from "../../policy/rate.ts";
import { RateGate, type RateGateLimits } from "./rate-gate.ts";

export interface RateLimitOptions {
  /** Whether the rate is of all requests, or of those to each origin. Default: "client". */
  per?: "client" | "origin";
  /** How long a call may wait for its turn; one that would wait longer fails at once. Default: as long as it has time. */
  maxWait?: Duration;
  /** How many calls may wait. Default: any number. */
  maxWaiting?: number;
}

/** What `client.stats().rateLimit` tells. */
export interface RateLimitStats {
  /** Calls that wait at this moment. */
  readonly waiting: number;
  /** Requests that had to wait. */
  readonly delayed: number;
  /** Calls that failed with LocalRateLimited. */
  readonly refused: number;
}

/**
 * Sends at most so many requests a time; attempts and redirects count as well. Calls that are too early wait for their turn, in
 * their order; one whose turn would come after its deadline fails at once with LocalRateLimited. In a batch, the batch's own
 * `rate` is better: a task that waits then holds no slot.
 *
 * @throws InvalidOption
 * @example
 * const client = new Client({ policies: [rateLimit("100/s", { per: "origin" })] });
 */
export function rateLimit(rate: Rate, options: RateLimitOptions = {}): ClientPolicy {
  const {
    per = "client",
    maxWait,
    maxWaiting,
  } = checkNames(options, ["per", "maxWait", "maxWaiting"], "rateLimit");
  if (per !== "client" && per !== "origin")
    throw new InvalidOption(`rateLimit.per: expected "client" or "origin"; got ${String(per)}`);
  return new RateLimitPolicy(parseRate(rate, "rateLimit"), per === "origin", {
    maxWait: maxWait === undefined ? Number.POSITIVE_INFINITY : parseDuration(maxWait, "rateLimit.maxWait"),
    maxWaiting:
      maxWaiting === undefined
        ? Number.POSITIVE_INFINITY
        : requireCount(maxWaiting, "rateLimit.maxWaiting", 0),
  });
}

/** After so many origins, those whose gate is as good as new are forgotten. */
const SWEEP_AT = 1_000;

class RateLimitPolicy implements ClientPolicy {
  readonly name = "rateLimit";
  readonly #rate: NormalizedRate;
  readonly #isPerOrigin: boolean;
  readonly #limits: RateGateLimits;
  readonly #gates = new Map<string, RateGate>();
  #sweepAt = SWEEP_AT;
  #delayed = 0;
  #refused = 0;

  constructor(rate: NormalizedRate, isPerOrigin: boolean, limits: RateGateLimits) {
    this.#rate = rate;
    this.#isPerOrigin = isPerOrigin;
    this.#limits = limits;
  }

  layer(clock: Clock): Layer {
    return inner => ({
      send: (request, context) => this.#send(request, context, { inner, clock }),
      close: () => inner.close(),
    });
  }

  stats(): RateLimitStats {
    let waiting = 0;
    for (const gate of this.#gates.values()) waiting += gate.waiting;
    return { waiting, delayed: this.#delayed, refused: this.#refused };
  }

  /** Who need not wait is handed on at once: the next layer's turns are then in the order of the calls. */
  async #send(
    request: Request,
    context: RequestContext,
    { inner, clock }: { inner: Service; clock: Clock },
  ): Promise<Response> {
    const turn = this.#turn(request, context, clock);
    if (turn !== undefined) await turn;
    return inner.send(request, context);
  }

  #turn({ url }: Request, context: RequestContext, clock: Clock): Promise<void> | undefined {
    const key = this.#isPerOrigin ? url.origin.key : "";
    try {
      const turn = this.#gateOf(key, clock).enter(context, this.#isPerOrigin ? `of ${key}` : "of the client");
      if (turn !== undefined) this.#delayed += 1;
      return turn;
    } catch (error) {
      if (!context.isSpare) this.#refused += 1;
      throw error;
    }
  }

  #gateOf(key: string, clock: Clock): RateGate {
    let gate = this.#gates.get(key);
    if (gate === undefined) {
      if (this.#gates.size >= this.#sweepAt) this.#forgetQuiet(clock.now());
      gate = new RateGate(this.#rate, this.#limits, clock);
      this.#gates.set(key, gate);
    }
    return gate;
  }

  #forgetQuiet(now: number): void {
    for (const [key, gate] of this.#gates) if (gate.isQuiet(now)) this.#gates.delete(key);
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#gates.size);
  }
}
