import type { ClientPolicy } from "../../core/client-policy.ts";
import type { Clock } from "../../core/clock.ts";
import { type Duration, formatDuration, parseDuration } from "../../core/duration.ts";
import { InvalidOption, Overloaded } from "../../core/errors.ts";
import { checkNames } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { ClientThrottle, type ThrottleRules } from "../../policy/client-throttle.ts";
import { isRefusedForLoad } from "../../policy/outcome.ts";
import { StandingQueue } from "./standing-queue.ts";

export interface LoadShedOptions {
  /**
   * Once a call of the same or a higher `priority` has waited so long for its turn (under a limit, or for a connection) and
   * waits still, a call is refused. Default: 500 ms.
   */
  maxWait?: Duration;
  /**
   * An origin gets so many times what it accepts: with 2, calls are refused here once it refuses more than half (429, 503).
   * More than 1; a larger number sheds less and notices sooner that the origin is well again. Default: 2.
   */
  multiplier?: number;
  /** Over how long it is counted what is accepted. Default: 30 s. */
  window?: Duration;
}

/** What `client.stats().policies.loadShed` tells. */
export interface LoadShedStats {
  /** Calls that were refused because others wait too long, and because the origin refuses too many. */
  readonly refused: { readonly waiting: number; readonly throttled: number };
  /** The origins of which calls are, or may be, refused: how long one of them waits already, in milliseconds; the share refused. */
  readonly origins: Readonly<Record<string, { readonly waited: number; readonly share: number }>>;
}

/**
 * Refuses calls at once, with Overloaded, where they would only wait too long or be refused by the origin: so that whoever makes
 * them can do something else in time, and the others get through. Those of a lower `priority` are refused first. Each origin
 * is looked at by itself. Two signs tell: calls that have waited longer than `maxWait` for their turn (the standing queue of
 * CoDel, RFC 8289), and an origin that refuses more than it accepts (client-side throttling, of Google's book "Site Reliability
 * Engineering").
 *
 * @throws InvalidOption
 * @example
 * const client = new Client({ policies: [adaptiveLimit(), loadShed({ maxWait: "200ms" })] });
 * await client.get("/recommendations", { priority: -1 });
 */
export function loadShed(options: LoadShedOptions = {}): ClientPolicy {
  const {
    maxWait,
    multiplier = 2,
    window,
  } = checkNames(options, ["maxWait", "multiplier", "window"], "loadShed");
  if (typeof multiplier !== "number" || !(multiplier > 1))
    throw new InvalidOption(`loadShed.multiplier: expected more than 1; got ${multiplier}`);
  const windowMs = window === undefined ? 30_000 : parseDuration(window, "loadShed.window");
  if (!(windowMs > 0 && windowMs < Number.POSITIVE_INFINITY))
    throw new InvalidOption("loadShed.window: expected more than no time");
  const maxWaitMs = maxWait === undefined ? 500 : parseDuration(maxWait, "loadShed.maxWait");
  return new LoadShedPolicy(maxWaitMs, { multiplier, windowMs });
}

/** After so many origins, those that have nothing to remember are forgotten. */
const SWEEP_AT = 1_000;

interface OriginLoad {
  readonly queue: StandingQueue;
  readonly throttle: ClientThrottle;
}

class LoadShedPolicy implements ClientPolicy {
  readonly name = "loadShed";
  readonly #maxWait: number;
  readonly #rules: ThrottleRules;
  readonly #origins = new Map<string, OriginLoad>();
  #sweepAt = SWEEP_AT;
  readonly #refused = { waiting: 0, throttled: 0 };

  constructor(maxWait: number, rules: ThrottleRules) {
    this.#maxWait = maxWait;
    this.#rules = rules;
  }

  layer(clock: Clock): Layer {
    return inner => ({
      send: (request, context) => this.#send(request, context, { inner, clock }),
      close: () => inner.close(),
    });
  }

  stats(clock: Clock): LoadShedStats {
    const now = clock.now();
    const origins: Record<string, { waited: number; share: number }> = {};
    for (const [origin, { queue, throttle }] of this.#origins) {
      const waited = queue.waited(Number.NEGATIVE_INFINITY, now);
      const share = throttle.share(now);
      if (waited > this.#maxWait || share > 0) origins[origin] = { waited, share };
    }
    return { refused: { ...this.#refused }, origins };
  }

  async #send(
    request: Request,
    context: RequestContext,
    { inner, clock }: { inner: Service; clock: Clock },
  ): Promise<Response> {
    const { key } = request.url.origin;
    const now = clock.now();
    const load = this.#loadOf(key, now);
    const because = this.#refusal(load, context.priority, clock);
    if (because !== undefined) throw overloaded(key, because);
    const call = load.queue.pass(context, now);
    try {
      const response = await inner.send(request, context);
      const accepted = !isRefusedForLoad(response.status);
      load.throttle.ended({ accepted, priority: context.priority, now: clock.now() });
      return response;
    } finally {
      call.hasEnded = true;
    }
  }

  #refusal({ queue, throttle }: OriginLoad, priority: number, clock: Clock): string | undefined {
    const now = clock.now();
    const waited = queue.waited(priority, now);
    if (waited > this.#maxWait) {
      this.#refused.waiting += 1;
      return `a call before it has waited ${formatDuration(waited)} for its turn, and waits still`;
    }
    const probability = throttle.refusal(priority, now);
    if (probability === 0 || clock.random() >= probability) return undefined;
    throttle.ended({ accepted: false, priority, now });
    this.#refused.throttled += 1;
    return "the origin has refused most calls of late";
  }

  #loadOf(origin: string, now: number): OriginLoad {
    let load = this.#origins.get(origin);
    if (load === undefined) {
      if (this.#origins.size >= this.#sweepAt) this.#forgetQuiet(now);
      load = { queue: new StandingQueue(), throttle: new ClientThrottle(this.#rules) };
      this.#origins.set(origin, load);
    }
    return load;
  }

  #forgetQuiet(now: number): void {
    for (const [origin, { queue, throttle }] of this.#origins) {
      queue.waited(Number.NEGATIVE_INFINITY, now);
      if (queue.size === 0 && throttle.isQuiet(now)) this.#origins.delete(origin);
    }
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#origins.size);
  }
}

function overloaded(origin: string, because: string): Overloaded {
  return new Overloaded("OVERLOADED", `nothing more is sent to ${origin} for now: ${because}`, {
    phase: "queue",
    requestSent: "none",
  });
}
