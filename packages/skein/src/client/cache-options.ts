import type { CacheStore, MemoryCacheOptions } from "../core/cache-store.ts";
import { InvalidOption } from "../core/errors.ts";
import { checkNames } from "../core/option-names.ts";
import type { CacheSettings } from "../layers/cache/cache-layer.ts";

export interface CacheOptions {
  /** Where responses are kept. Default: in memory, of this client and those that extend it. */
  store?: CacheStore;
  /** Bytes of what is kept in memory. Default: 64 MiB. */
  maxBytes?: number;
  /** URLs whose responses are kept in memory. Default: 10,000. */
  maxEntries?: number;
  /**
   * Keeps answers to requests with an Authorization field, too, each for its own credentials. Default: false, then only
   * those that say `public`, `must-revalidate` or `s-maxage` (RFC 9111 §3.5).
   */
  storeAuthorized?: boolean;
}

/**
 * What a client's `cache` option says; undefined: no cache.
 *
 * @throws InvalidOption
 */
export function clientCache(
  base: CacheSettings | undefined,
  cache: CacheOptions | boolean | null | undefined,
  newStore: (options: MemoryCacheOptions) => CacheStore,
): CacheSettings | undefined {
  if (cache === undefined) return base;
  if (cache === null || cache === false) return undefined;
  if (cache === true) return { store: newStore({}), storeAuthorized: false };
  if (typeof cache !== "object")
    throw new InvalidOption(`cache: expected true, false or an object; got ${cache}`);
  checkNames(cache, ["store", "maxBytes", "maxEntries", "storeAuthorized"], "cache");
  const { store, storeAuthorized = false, ...limits } = cache;
  if (store === undefined) return { store: newStore(limits), storeAuthorized };
  for (const name of ["get", "set", "delete"] as const) {
    if (typeof store[name] !== "function") throw new InvalidOption(`cache.store: it has no method ${name}()`);
  }
  const [limit] = Object.keys(limits);
  if (limit !== undefined)
    throw new InvalidOption(
      `cache.${limit} belongs to the store in memory; a store that is given has its own limits`,
    );
  return { store, storeAuthorized };
}
