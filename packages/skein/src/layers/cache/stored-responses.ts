import type { CacheStore, StoredResponse } from "../../core/cache-store.ts";
import { HandlerError, isSkeinError } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import type { Url } from "../../core/url.ts";

/** Variants of one URL that are kept; the newest first. */
const MOST_VARIANTS = 16;

/** What a store holds for requests: one response a URL and variant. Its errors are told as the store's. */
export class StoredResponses {
  readonly #store: CacheStore;

  constructor(store: CacheStore) {
    this.#store = store;
  }

  /** The one that was stored for such a request (RFC 9111 §4.1). */
  async find(request: Request): Promise<StoredResponse | undefined> {
    const variants = await this.#asking(() => this.#store.get(keyOf(request.url)));
    return variants?.find(variant => isVariantOf(variant, request));
  }

  async put(request: Request, response: StoredResponse): Promise<void> {
    await this.#replace(request, [response]);
  }

  /** Forgets the variant that such a request would get. */
  async drop(request: Request): Promise<void> {
    await this.#replace(request, []);
  }

  /** Forgets every variant. */
  async dropAll(url: Url): Promise<void> {
    await this.#asking(() => this.#store.delete(keyOf(url)));
  }

  async #replace(request: Request, added: readonly StoredResponse[]): Promise<void> {
    const key = keyOf(request.url);
    const variants = (await this.#asking(() => this.#store.get(key))) ?? [];
    const others = variants.filter(variant => !isVariantOf(variant, request));
    if (added.length === 0 && others.length === variants.length) return;
    await this.#asking(() => this.#store.set(key, [...added, ...others].slice(0, MOST_VARIANTS)));
  }

  async #asking<T>(ask: () => T | Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw isSkeinError(error) ? error : new HandlerError("the cache store", error);
    }
  }
}

/**
 * The request fields that select among variants: those of Vary, and the credentials, so that what one user may see is
 * never shown to another whom the same client serves. Undefined where Vary says that no request selects it.
 */
export function variedBy(
  request: Request,
  response: Response,
  withAuthorization: boolean,
): StoredResponse["varied"] | undefined {
  const names = (response.headers.get("vary") ?? "")
    .toLowerCase()
    .split(",")
    .map(name => name.trim());
  if (names.includes("*")) return undefined;
  const credentials = withAuthorization ? ["cookie", "authorization"] : ["cookie"];
  const all = new Set([...names.filter(name => name !== ""), ...credentials]);
  return Array.from(all, name => [name, request.headers.get(name)] as const);
}

function isVariantOf({ varied }: StoredResponse, request: Request): boolean {
  return varied.every(([name, value]) => request.headers.get(name) === value);
}

function keyOf(url: Url): string {
  return url.origin.key + url.target;
}
