import { InvalidOption } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { RuntimePorts } from "../core/ports.ts";
import type { Layer, Service } from "../core/service.ts";
import { authLayer } from "../layers/auth/auth-layer.ts";
import { bufferLayer } from "../layers/buffer/buffer-layer.ts";
import { type CacheSettings, cacheLayer } from "../layers/cache/cache-layer.ts";
import { type CookieLayerOptions, cookiesLayer } from "../layers/cookies/cookies-layer.ts";
import { decompressLayer } from "../layers/decompress/decompress-layer.ts";
import { type Hooks, hooksLayer } from "../layers/hooks/hooks-layer.ts";
import { progressLayer } from "../layers/progress/progress-layer.ts";
import { redirectLayer } from "../layers/redirect/redirect-layer.ts";
import { retryLayer } from "../layers/retry/retry-layer.ts";
import { traceLayer } from "../layers/trace/trace-layer.ts";

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
 * 7. retry: a hop that fails is tried again, without walking the hops before it once more.
 * 8. buffer: reads the body below retry, so that a body cut in the middle is a failed attempt like any other.
 * 9. decompress: below buffer, so that a corrupt coding is one too; and streams are decoded as well.
 * 10. progress: tells of the bytes as they go over the network, so below what decodes them.
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
  "retry",
  "buffer",
  "decompress",
  "progress",
] as const;
export type LayerName = (typeof LAYER_NAMES)[number];

/** What decides which layers there are. */
export interface StackParts {
  readonly ports: Pick<RuntimePorts, "clock" | "decompressor" | "diagnostics">;
  readonly hooks: Hooks | undefined;
  readonly cache: CacheSettings | undefined;
  readonly loggers: readonly Logger[];
  readonly cookies: CookieLayerOptions;
  /** Whether the transport takes content codings off by itself. */
  readonly decodes: boolean;
  readonly added: readonly PlacedLayer[];
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
    const own = name === without ? undefined : makeLayer(name, parts);
    return [...outside.map(({ layer }) => layer), own, ...inside.map(({ layer }) => layer)];
  });
  return layers.reduceRight((inner, layer) => (layer === undefined ? inner : layer(inner)), transport);
}

function makeLayer(
  name: LayerName,
  { ports, hooks, cache, loggers, cookies, decodes }: StackParts,
): Layer | undefined {
  switch (name) {
    case "trace":
      return traceLayer({ clock: ports.clock, loggers, diagnostics: ports.diagnostics });
    case "hooks":
      return hooks === undefined ? undefined : hooksLayer(hooks);
    case "redirect":
      return redirectLayer(ports.clock);
    // Any call may bring credentials of its own; where there are none, these two hand the call on at once.
    case "cookies":
      return cookiesLayer(cookies);
    case "auth":
      return authLayer(ports.clock);
    case "cache":
      return cache === undefined ? undefined : cacheLayer(cache, ports.clock);
    case "retry":
      return retryLayer(ports.clock);
    case "buffer":
      return bufferLayer();
    case "decompress":
      return decodes ? undefined : decompressLayer(ports.decompressor, ports.clock);
    // Any call may ask for it; the others are handed on at once.
    case "progress":
      return progressLayer({ clock: ports.clock, decodes });
  }
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
