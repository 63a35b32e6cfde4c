import type { ClientPolicy } from "../../core/client-policy.ts";
import type { Clock } from "../../core/clock.ts";
import { type Duration, parseDuration } from "../../core/duration.ts";
import { InvalidOption, isSkeinError } from "../../core/errors.ts";
import { checkNames, requireCount } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { isRefusedForLoad, outcomeOfError } from "../../policy/outcome.ts";
import { LimitGate, type LimitGateBounds } from "./limit-gate.ts";

export interface AdaptiveLimitOptions {
  /** Whether the limit is of each origin, or of all requests together. Default: "origin". */
  per?: "origin" | "client";
  /** The most requests at once that it may come to. Default: 1,000. */
  max?: number;
  /** How long a call may wait for its turn; then it fails with Overloaded. `0`: not at all. Default: as long as it has time. */
  maxWait?: Duration;
  /** How many calls may wait; one more fails with Overloaded. Default: any number. */
  maxWaiting?: number;
}

/** What `client.stats().policies.adaptiveLimit` tells. */
export interface AdaptiveLimitStats {
  /** Requests that had to wait. */
  readonly delayed: number;
  /** Calls that failed with Overloaded, those among them that were given up while they waited. */
  readonly refused: number;
  /** By origin (`""` where it is of the client): the limit now, the requests in flight, and those that wait. */
  readonly limits: Readonly<
    Record<string, { readonly limit: number; readonly inFlight: number; readonly waiting: number }>
  >;
}

/**
 * Sends no more requests at once than an origin can take, which it finds out by itself: as long as answers come as fast as
 * they did there may be more, once they queue up there, or are refused (429, 503) or broken off, fewer. It begins with 2 and
 * doubles. The others wait, the higher `priority` first. A request has its place until its body has ended: a stream, until
 * it is read or closed. How many fit is found out by Little's law, as TCP Vegas does (policy/concurrency-law.ts). In a batch
 * the batch's own `concurrency: "auto"` is better: a task that waits then holds no slot.
 *
 * @throws InvalidOption
 * @example
 * const client = new Client({ policies: [adaptiveLimit({ maxWait: "2s" })] });
 */
export function adaptiveLimit(options: AdaptiveLimitOptions = {}): ClientPolicy {
  const {
    per = "origin",
    max = 1_000,
    maxWait,
    maxWaiting = Number.POSITIVE_INFINITY,
  } = checkNames(options, ["per", "max", "maxWait", "maxWaiting"], "adaptiveLimit");
  if (per !== "client" && per !== "origin")
    throw new InvalidOption(`adaptiveLimit.per: expected "origin" or "client"; got ${String(per)}`);
  return new AdaptiveLimitPolicy(per === "origin", {
    max: requireCount(max, "adaptiveLimit.max", 1),
    maxWait:
      maxWait === undefined ? Number.POSITIVE_INFINITY : parseDuration(maxWait, "adaptiveLimit.maxWait"),
    maxWaiting: requireCount(maxWaiting, "adaptiveLimit.maxWaiting", 0),
  });
}

/** So many origins are known; of more, those that were asked for longest ago, and where nothing is under way, are forgotten. */
const MOST_ORIGINS = 1_000;

class AdaptiveLimitPolicy implements ClientPolicy {
  readonly name = "adaptiveLimit";
  readonly #isPerOrigin: boolean;
  readonly #bounds: LimitGateBounds;
  readonly #gates = new Map<string, LimitGate>();
  #delayed = 0;
  #refused = 0;

  constructor(isPerOrigin: boolean, bounds: LimitGateBounds) {
    this.#isPerOrigin = isPerOrigin;
    this.#bounds = bounds;
  }

  layer(clock: Clock): Layer {
    return inner => ({
      send: (request, context) => this.#send(request, context, { inner, clock }),
      close: () => inner.close(),
    });
  }

  stats(): AdaptiveLimitStats {
    const limits: Record<string, LimitGate["state"]> = {};
    for (const [key, gate] of this.#gates) limits[key] = gate.state;
    return { delayed: this.#delayed, refused: this.#refused, limits };
  }

  #send(request: Request, context: RequestContext, under: Under): Promise<Response> {
    const key = this.#isPerOrigin ? request.url.origin.key : "";
    const gate = this.#gateOf(key, under.clock);
    const go = () => pass(request, context, { ...under, gate });
    try {
      const turn = gate.enter(context, this.#isPerOrigin ? `of ${key}` : "of the client");
      if (turn === undefined) return go();
      this.#delayed += 1;
      return turn.then(go, error => this.#fail(error));
    } catch (error) {
      return Promise.reject(context.isSpare ? error : this.#counted(error));
    }
  }

  #fail(error: unknown): never {
    throw this.#counted(error);
  }

  #counted(error: unknown): unknown {
    if (isSkeinError(error) && error.code === "OVERLOADED") this.#refused += 1;
    return error;
  }

  #gateOf(key: string, clock: Clock): LimitGate {
    let gate = this.#gates.get(key);
    if (gate === undefined) {
      gate = new LimitGate(this.#bounds, clock);
      if (this.#gates.size >= MOST_ORIGINS) this.#forgetOldest();
    } else this.#gates.delete(key);
    this.#gates.set(key, gate);
    return gate;
  }

  #forgetOldest(): void {
    for (const [key, { state }] of this.#gates) {
      if (state.inFlight + state.waiting > 0) continue;
      this.#gates.delete(key);
      return;
    }
  }
}

interface Under {
  readonly inner: Service;
  readonly clock: Clock;
}

/** With a place taken, which is given back when nothing of the request is under way any more. */
async function pass(
  request: Request,
  context: RequestContext,
  { inner, clock, gate }: Under & { gate: LimitGate },
): Promise<Response> {
  const sentAt = clock.now();
  let ms = 0;
  const end = (failure: unknown) => {
    if (isSkeinError(failure) && outcomeOfError(failure) === "bad") gate.sample(false, ms);
    gate.leave();
  };
  try {
    const response = await inner.send(request, context);
    // The time to the head: how long a body takes is also a matter of its length, and of its reader.
    ms = clock.now() - sentAt;
    gate.sample(!isRefusedForLoad(response.status), ms);
    response.body.whenSettled(end);
    return response;
  } catch (error) {
    ms = clock.now() - sentAt;
    end(error);
    throw error;
  }
}
