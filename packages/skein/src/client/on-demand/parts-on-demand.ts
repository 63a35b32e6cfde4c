import type { ClientParts } from "../parts.ts";
import { BatchOnDemand } from "./batch-on-demand.ts";
import { cacheStoreOnDemand } from "./cache-store-on-demand.ts";
import { EventsOnDemand } from "./events-on-demand.ts";
import { jarOnDemand } from "./jar-on-demand.ts";
import { LAYERS_ON_DEMAND } from "./layers-on-demand.ts";
import { mountsOnDemand } from "./mounts-on-demand.ts";
import { multipartOnDemand } from "./multipart-on-demand.ts";
import { retryBudgetOnDemand } from "./retry-budget-on-demand.ts";

/**
 * The parts of a page, where every byte comes over a network: what most calls do not need is loaded with the first that
 * does. A mistake in the options of `events`, `paginate` and `batch` is thrown when they are first iterated.
 */
export const PARTS_ON_DEMAND: ClientParts = {
  layers: LAYERS_ON_DEMAND,
  newJar: jarOnDemand,
  newCacheStore: cacheStoreOnDemand,
  newRetryBudget: retryBudgetOnDemand,
  encodeMultipart: multipartOnDemand,
  stream: async response => new (await import("../stream-response.ts")).StreamResponse(response),
  events: (client, url, options) =>
    new EventsOnDemand(
      async () => (await import("../events/open-events.ts")).openEvents(client, url, options),
      options.lastEventId ?? "",
    ),
  async *pages(client, url, options) {
    const { openPages } = await import("../paginate.ts");
    yield* openPages(client, url, options);
  },
  fetch: client => async (input, init) =>
    (await import("../fetch/client-fetch.ts")).clientFetch(client)(input, init),
  mounts: mountsOnDemand,
  batch: (client, items, options) =>
    new BatchOnDemand(async () => (await import("../open-batch.ts")).openBatch(client, items, options)),
};
