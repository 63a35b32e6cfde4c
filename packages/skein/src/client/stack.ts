import type { RuntimePorts } from "../core/ports.ts";
import type { Layer, Service } from "../core/service.ts";
import { bufferLayer } from "../layers/buffer/buffer-layer.ts";
import { decompressLayer } from "../layers/decompress/decompress-layer.ts";
import { redirectLayer } from "../layers/redirect/redirect-layer.ts";
import { retryLayer } from "../layers/retry/retry-layer.ts";

/**
 * The layers of a client, from the outside, and why each stands where it does:
 *
 * 1. redirect: each hop is a request of its own, with attempts of its own.
 * 2. retry: a hop that fails is tried again, without walking the hops before it once more.
 * 3. buffer: reads the body below retry, so that a body cut in the middle is a failed attempt like any other.
 * 4. decompress: below buffer, so that a corrupt coding is one too; and streams are decoded as well.
 *
 * Below them is the transport: the pool, its connections and the codec.
 */
export function clientStack(
  transport: Service,
  ports: Pick<RuntimePorts, "clock" | "decompressor">,
): Service {
  return stack(transport, [
    redirectLayer(ports.clock),
    retryLayer(ports.clock),
    bufferLayer(),
    decompressLayer(ports.decompressor),
  ]);
}

/** A batch has no retry layer: it retries by itself, so that a task that waits is seen to wait and holds no slot. */
export function batchStack(transport: Service, ports: Pick<RuntimePorts, "clock" | "decompressor">): Service {
  return stack(transport, [redirectLayer(ports.clock), bufferLayer(), decompressLayer(ports.decompressor)]);
}

function stack(transport: Service, layers: readonly Layer[]): Service {
  return layers.reduceRight((inner, layer) => layer(inner), transport);
}
