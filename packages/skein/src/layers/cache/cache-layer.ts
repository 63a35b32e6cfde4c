import type { CacheStore } from "../../core/cache-store.ts";
import type { Clock } from "../../core/clock.ts";
import type { Layer, Service } from "../../core/service.ts";

export interface CacheSettings {
  readonly store: CacheStore;
  /** Whether answers to requests with an Authorization field are kept, for the same Authorization. */
  readonly storeAuthorized: boolean;
}

/**
 * Answers from what was received before, as RFC 9111 says for a private cache; its code is loaded by the first call. It
 * stands inside auth and cookies, so that it sees the fields that select an answer, and outside retry: an answer that is
 * fresh needs no attempt.
 */
export function cacheLayer(settings: CacheSettings, clock: Clock): Layer {
  return inner => {
    let loading: Promise<Service> | undefined;
    const load = async (): Promise<Service> => {
      const { CacheService } = await import("./cache-service.ts");
      return new CacheService(inner, settings, clock);
    };
    return {
      async send(request, context) {
        if (context.bypassesCache) return inner.send(request, context);
        loading ??= load();
        const service = await loading;
        context.throwIfCancelled();
        return service.send(request, context);
      },
      close: () => inner.close(),
    };
  };
}
