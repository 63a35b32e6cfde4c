import { MemoryCacheStore } from "../core/cache-store.ts";
import { authLayer } from "../layers/auth/auth-layer.ts";
import { bufferLayer } from "../layers/buffer/buffer-layer.ts";
import { cacheLayer } from "../layers/cache/cache-layer.ts";
import { CookieJar } from "../layers/cookies/cookie-jar.ts";
import { cookiesLayer } from "../layers/cookies/cookies-layer.ts";
import { decompressLayer } from "../layers/decompress/decompress-layer.ts";
import { hooksLayer } from "../layers/hooks/hooks-layer.ts";
import { progressLayer } from "../layers/progress/progress-layer.ts";
import { redirectLayer } from "../layers/redirect/redirect-layer.ts";
import { retryLayer } from "../layers/retry/retry-layer.ts";
import { traceLayer } from "../layers/trace/trace-layer.ts";
import { RetryBudget } from "../policy/retry-budget.ts";
import { openEvents } from "./events/open-events.ts";
import { clientFetch } from "./fetch/client-fetch.ts";
import { mountTransports } from "./mounts.ts";
import { encodeMultipart } from "./multipart/multipart-body.ts";
import { openBatch } from "./open-batch.ts";
import { openPages } from "./paginate.ts";
import type { ClientParts } from "./parts.ts";
import type { LayerMakers } from "./stack.ts";
import { StreamResponse } from "./stream-response.ts";

const LAYERS: LayerMakers = {
  trace: ({ ports, loggers }) => traceLayer({ clock: ports.clock, loggers, diagnostics: ports.diagnostics }),
  hooks: ({ hooks }) => hooks && hooksLayer(hooks),
  redirect: ({ ports }) => redirectLayer(ports.clock),
  // Any call may bring credentials of its own; where there are none, these two hand the call on at once.
  cookies: ({ cookies }) => cookiesLayer(cookies),
  auth: ({ ports }) => authLayer(ports.clock),
  cache: ({ cache, ports }) => cache && cacheLayer(cache, ports.clock),
  retry: ({ ports, retryBudget }) => retryLayer(ports.clock, retryBudget),
  buffer: () => bufferLayer(),
  decompress: ({ ports, decodes }) =>
    decodes ? undefined : decompressLayer(ports.decompressor, ports.clock),
  // Any call may ask for it; the others are handed on at once.
  progress: ({ ports, decodes }) => progressLayer({ clock: ports.clock, decodes }),
};

/** The parts of a program that has its code on disk: all are there from the start. */
export const PARTS_AT_HAND: ClientParts = {
  layers: LAYERS,
  newJar: () => new CookieJar(),
  newCacheStore: options => new MemoryCacheStore(options),
  newRetryBudget: () => new RetryBudget(),
  encodeMultipart,
  stream: response => new StreamResponse(response),
  events: openEvents,
  pages: openPages,
  fetch: clientFetch,
  batch: openBatch,
  mounts: mountTransports,
};
