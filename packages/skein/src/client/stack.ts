import { type ClientPolicy, POLICY_NAMES, type PolicyName } from "../core/client-policy.ts";
import { InvalidOption } from "../core/errors.ts";
import type { Hooks } from "../core/hooks.ts";
import type { Logger } from "../core/logger.ts";
import type { RuntimePorts } from "../core/ports.ts";
import type { Layer, Service } from "../core/service.ts";
import type { CacheSettings } from "../layers/cache/cache-layer.ts";
import type { CookieLayerOptions } from "../layers/cookies/cookies-layer.ts";
import type { RetryPurse } from "../policy/retry-budget.ts";

/**
 * The layers of a client, from the outside, and why each stands where it does:
 *
 * 1. trace: tells loggers and diagnostics how a call ended, hooks included.
 * 2. hooks: see a call as its caller does: one request, one response.
 * 3. redirect: each hop is a request of its own, with attempts and credentials of its own.
 * 4. cookies: inside redirect, so that a cookie that a redirect sets goes along to where it leads.
 * 5. auth: inside redirect, so that each hop is compared with the origin where the call began. Outside retry: what it asks
 *    for itself (a token) is tried again by itself, and a refused request is no failed attempt.
 * 6. cache: inside cookies and auth, so that it sees the fields that select an answer, and never hands one user what
 *    another was given; outside retry, which an answer that is fresh has no need of.
 * 7. coalesce: inside auth and cookies, as the cache is and for the same reason; outside retry, so that those who share a call
 *    share its attempts, too.
 * 8. retry: a hop that fails is tried again, without walking the hops before it once more.
 * 9. buffer: reads the body below retry, so that a body cut in the middle is a failed attempt like any other.
 * 10. decompress: below buffer, so that a corrupt coding is one too; and streams are decoded as well.
 * 11. progress: tells of the bytes as they go over the network, so below what decodes them.
 * 12. hedge: inside retry, as the two requests of a hedge are one attempt; outside the breaker, which counts both.
 * 13. circuitBreaker: inside retry and hedge, so that it sees every request; outside the limits, so that what it refuses
 *    uses up none of their permits.
 * 14. loadShed: outside the limits, whose waits it watches; inside retry, so that an attempt that is one too many is the
 *     first to be refused.
 * 15. rateLimit: every request that is sent counts, whoever repeats it.
 * 16. adaptiveLimit: innermost, so that what it measures is the server, and none of our own waits.
 *
 * Below them is the transport: the pool, its connections and the codec. A layer that is not configured is not there.
 */
const LAYER_NAMES = [
  "trace",
  "hooks",
  "redirect",
  "cookies",
  "auth",
  "cache",
  "coalesce",
  "retry",
  "buffer",
  "decompress",
  "progress",
  "hedge",
  "circuitBreaker",
  "loadShed",
  "rateLimit",
  "adaptiveLimit",
] as const;
export type LayerName = (typeof LAYER_NAMES)[number];

/** What makes a layer for a client; undefined where the client has no need of it. */
export type LayerMakers = Readonly<
  Record<Exclude<LayerName, PolicyName>, (parts: StackParts) => Layer | undefined>
>;

/** What decides which layers there are. */
export interface StackParts {
  readonly makers: LayerMakers;
  readonly ports: Pick<RuntimePorts, "clock" | "decompressor" | "diagnostics">;
  readonly hooks: Hooks | undefined;
  readonly cache: CacheSettings | undefined;
  readonly loggers: readonly Logger[];
  readonly cookies: CookieLayerOptions;
  readonly retryBudget: RetryPurse;
  /** Whether the transport takes content codings off by itself. */
  readonly decodes: boolean;
  readonly added: readonly PlacedLayer[];
  readonly policies: readonly ClientPolicy[];
}

/** A layer of the user's, and its place: outside (`before`) or inside (`after`) one of ours. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly before?: LayerName;
  readonly after?: LayerName;
}

export function clientStack(transport: Service, parts: StackParts): Service {
  return stack(transport, parts, undefined);
}

/** A batch has no retry layer: it retries by itself, so that a task that waits is seen to wait and holds no slot. */
export function batchStack(transport: Service, parts: StackParts): Service {
  return stack(transport, parts, "retry");
}

function stack(transport: Service, parts: StackParts, without: LayerName | undefined): Service {
  const layers = LAYER_NAMES.flatMap(name => {
    const outside = parts.added.filter(({ before }) => before === name);
    const inside = parts.added.filter(({ after }) => after === name);
    const own = name === without ? [] : ownLayers(name, parts);
    return [...outside.map(({ layer }) => layer), ...own, ...inside.map(({ layer }) => layer)];
  });
  return layers.reduceRight((inner, layer) => (layer === undefined ? inner : layer(inner)), transport);
}

function ownLayers(name: LayerName, parts: StackParts): (Layer | undefined)[] {
  if (!isPolicyName(name)) return [parts.makers[name](parts)];
  return parts.policies.filter(policy => policy.name === name).map(policy => policy.layer(parts.ports.clock));
}

function isPolicyName(name: LayerName): name is PolicyName {
  return (POLICY_NAMES as readonly string[]).includes(name);
}

/** @throws InvalidOption when the place is none, or two */
export function placeLayer(layer: Layer, place: Omit<PlacedLayer, "layer">): PlacedLayer {
  if (typeof layer !== "function")
    throw new InvalidOption("with(layer, …): expected a layer, a function of the service inside it");
  const named = [place.before, place.after].filter(name => name !== undefined);
  if (named.length !== 1 || !LAYER_NAMES.includes(named[0]!)) {
    throw new InvalidOption(`with(layer, …): say "before" or "after" one of ${LAYER_NAMES.join(", ")}`);
  }
  return { layer, ...place };
}
