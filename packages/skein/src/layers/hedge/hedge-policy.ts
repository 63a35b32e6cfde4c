import type { ClientPolicy } from "../../core/client-policy.ts";
import type { Clock } from "../../core/clock.ts";
import { type Duration, parseDuration } from "../../core/duration.ts";
import { checkNames } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { HedgePlan } from "../../policy/hedge.ts";
import { HedgedCall } from "./hedged-call.ts";

export interface HedgeOptions {
  /** A delay of one's own in the place of the one that is learned. It is paid for all the same. */
  after?: Duration;
}

/** What `client.stats().hedge` tells. */
export interface HedgeStats {
  /** Second requests that were sent. */
  readonly sent: number;
  /** Those of them that were answered first. */
  readonly won: number;
}

/**
 * Sends a second request where the first one takes longer than 95 of 100 do, and takes the answer that comes first; the other
 * is cancelled. Only for GET, HEAD and other safe methods, after 100 answers of the origin, at most for a twentieth of the
 * requests (and ten at once), and not while more than a tenth of them fail. Over HTTP/2 it is a second stream.
 *
 * @throws InvalidOption
 * @example
 * const client = new Client({ policies: [hedge()] });
 */
export function hedge(options: HedgeOptions = {}): ClientPolicy {
  const { after } = checkNames(options, ["after"], "hedge");
  return new HedgePolicy(after === undefined ? undefined : parseDuration(after, "hedge.after"));
}

/** So many origins are known; of more, those asked for longest ago are forgotten. */
const MOST_ORIGINS = 1_000;

class HedgePolicy implements ClientPolicy {
  readonly name = "hedge";
  readonly #after: number | undefined;
  readonly #plans = new Map<string, HedgePlan>();
  #sent = 0;
  #won = 0;

  constructor(after: number | undefined) {
    this.#after = after;
  }

  layer(clock: Clock): Layer {
    return inner => ({
      send: (request, context) => this.#send(request, context, { inner, clock }),
      close: () => inner.close(),
    });
  }

  stats(): HedgeStats {
    return { sent: this.#sent, won: this.#won };
  }

  #send(
    request: Request,
    context: RequestContext,
    { inner, clock }: { inner: Service; clock: Clock },
  ): Promise<Response> {
    if (!request.isSafe || !request.isReplayable || context.raw) return inner.send(request, context);
    const plan = this.#planOf(request.url.origin.key);
    plan.request();
    const learned = plan.delay;
    const delay = this.#after === undefined || learned === undefined ? learned : this.#after;
    return new HedgedCall({ request, context, inner, clock, plan }, delay, {
      sent: () => {
        this.#sent += 1;
      },
      heldBack: () => {
        this.#sent -= 1;
      },
      won: () => {
        this.#won += 1;
      },
    }).run();
  }

  #planOf(origin: string): HedgePlan {
    let plan = this.#plans.get(origin);
    if (plan === undefined) plan = new HedgePlan();
    else this.#plans.delete(origin);
    this.#plans.set(origin, plan);
    if (this.#plans.size > MOST_ORIGINS)
      for (const oldest of this.#plans.keys()) return this.#forget(oldest, plan);
    return plan;
  }

  #forget(oldest: string, plan: HedgePlan): HedgePlan {
    this.#plans.delete(oldest);
    return plan;
  }
}
