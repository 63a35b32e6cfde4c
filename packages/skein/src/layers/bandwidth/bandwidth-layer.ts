import type { Clock } from "../../core/clock.ts";
import { requireCount } from "../../core/option-names.ts";
import type { Layer } from "../../core/service.ts";
import { ByteRate } from "./byte-rate.ts";
import { SlowedBody } from "./slowed-body.ts";

/**
 * Lets bodies in at so many bytes a second, all of them together, as they go over the network. Its place is innermost:
 * `after: "adaptiveLimit"`.
 */
export function bandwidthLayer(bytesPerSecond: number, clock: Clock): Layer {
  const rate = new ByteRate(requireCount(bytesPerSecond, "limitBandwidth", 1), clock);
  return inner => ({
    async send(request, context) {
      const response = await inner.send(request, context);
      // What is no HTTP any more is its holder's.
      if (response.body.raw === undefined) response.body = new SlowedBody(response.body, rate, context);
      return response;
    },
    close: () => inner.close(),
  });
}
