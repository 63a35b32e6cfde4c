import type { CacheStore, MemoryCacheOptions } from "../../core/cache-store.ts";

/** A cache in memory whose code is loaded by the first call that asks it. */
export function cacheStoreOnDemand(options: MemoryCacheOptions): CacheStore {
  let loading: Promise<CacheStore> | undefined;
  const store = () => {
    loading ??= import("../../core/cache-store.ts").then(module => new module.MemoryCacheStore(options));
    return loading;
  };
  return {
    get: async key => (await store()).get(key),
    set: async (key, responses) => (await store()).set(key, responses),
    delete: async key => (await store()).delete(key),
  };
}
