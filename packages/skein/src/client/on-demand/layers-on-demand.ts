import type { RequestContext } from "../../core/request-context.ts";
import type { Layer, Service } from "../../core/service.ts";
import { bufferLayer } from "../../layers/buffer/buffer-layer.ts";
import { cacheLayer } from "../../layers/cache/cache-layer.ts";
import { isRedirect } from "../../layers/redirect/is-redirect.ts";
import { retryLayer } from "../../layers/retry/retry-layer.ts";
import type { LayerMakers } from "../stack.ts";

/** The layers of a page: those that most calls do not need are loaded by the first call that does. */
export const LAYERS_ON_DEMAND: LayerMakers = {
  trace: ({ ports: { clock, diagnostics }, loggers }) =>
    onDemand(
      () => loggers.length > 0 || diagnostics?.hasSubscribers === true,
      async () =>
        (await import("../../layers/trace/trace-layer.ts")).traceLayer({ clock, loggers, diagnostics }),
    ),
  hooks: ({ hooks }) =>
    hooks &&
    onDemand(
      () => true,
      async () => (await import("../../layers/hooks/hooks-layer.ts")).hooksLayer(hooks),
    ),
  // The platform follows those of a page by itself; on the edge Skein does.
  redirect:
    ({ ports: { clock } }) =>
    inner => ({
      async send(request, context) {
        const response = await inner.send(request, context);
        if (!isRedirect(response)) return response;
        const { followRedirects } = await import("../../layers/redirect/follow-redirects.ts");
        return followRedirects({ request, response }, context, { inner, clock });
      },
      close: () => inner.close(),
    }),
  cookies: ({ cookies }) => {
    const hasOwn = cookies.store !== undefined || Object.keys(cookies.given).length > 0;
    return onDemand(
      call => call.cookies !== null && (hasOwn || call.cookies !== undefined),
      async () => (await import("../../layers/cookies/cookies-layer.ts")).cookiesLayer(cookies),
    );
  },
  auth: ({ ports }) =>
    onDemand(
      ({ auth }) => auth !== undefined,
      async () => (await import("../../layers/auth/auth-layer.ts")).authLayer(ports.clock),
    ),
  cache: ({ cache, ports }) => cache && cacheLayer(cache, ports.clock),
  retry: ({ ports, retryBudget }) => retryLayer(ports.clock, retryBudget),
  buffer: () => bufferLayer(),
  // The platform decodes what it fetches.
  decompress: () => undefined,
  progress: ({ ports: { clock }, decodes }) =>
    onDemand(
      ({ progress }) => progress !== undefined,
      async () => (await import("../../layers/progress/progress-layer.ts")).progressLayer({ clock, decodes }),
    ),
};

/** A layer whose code is loaded by the first call that needs it. One that can't be loaded is tried again by the next. */
function onDemand(isNeeded: (context: RequestContext) => boolean, load: () => Promise<Layer>): Layer {
  return inner => {
    let loading: Promise<Service> | undefined;
    const loaded = () => {
      loading ??= load().then(
        layer => layer(inner),
        error => {
          loading = undefined;
          throw error;
        },
      );
      return loading;
    };
    const sendLoaded: Service["send"] = async (request, context) => {
      const service = await loaded();
      context.throwIfCancelled();
      return service.send(request, context);
    };
    return {
      send: (request, context) =>
        isNeeded(context) ? sendLoaded(request, context) : inner.send(request, context),
      close: () => inner.close(),
    };
  };
}
