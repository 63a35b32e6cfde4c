import { checkNames, requireCount } from "./option-names.ts";

/** A response as a cache keeps it. All but `body` is plain JSON, for stores that write to a disk. */
export interface StoredResponse {
  /** The request fields that selected it (Vary), by lower-case name; null where the request had none. */
  readonly varied: readonly (readonly [name: string, value: string | null])[];
  /** How fresh it is, as the cache's rules wrote it down. */
  readonly policy: object;
  readonly status: number;
  readonly reasonPhrase: string;
  readonly httpVersion: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Decoded. Not to be written into. */
  readonly body: Uint8Array;
}

/**
 * Where a cache keeps responses: by URL, and for each URL one response a variant (Vary). Any method may answer later.
 * A store may forget what it likes at any time.
 *
 * What it is given is in the clear: URLs with their queries, bodies, and where a response names them in Vary, request fields
 * such as Authorization and Cookie; `set-cookie` fields of responses as well. One that writes to a disk, or that others can
 * read, has to protect that, by rights or by encryption.
 */
export interface CacheStore {
  get(key: string): Awaitable<readonly StoredResponse[] | undefined>;
  set(key: string, responses: readonly StoredResponse[]): Awaitable<void>;
  delete(key: string): Awaitable<void>;
}

type Awaitable<T> = T | Promise<T>;

export interface MemoryCacheOptions {
  /** Bytes of bodies and headers in all. Default: 64 MiB. */
  maxBytes?: number;
  /** URLs. Default: 10,000. */
  maxEntries?: number;
}

/** Keeps responses in memory, bounded: those that were asked for longest ago go first. One store can serve several clients. */
export class MemoryCacheStore implements CacheStore {
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  /** The one used longest ago first. */
  readonly #entries = new Map<string, { responses: readonly StoredResponse[]; bytes: number }>();
  #bytes = 0;

  /** @throws InvalidOption */
  constructor(options: MemoryCacheOptions = {}) {
    checkNames(options, ["maxBytes", "maxEntries"], "MemoryCacheStore");
    this.#maxBytes = requireCount(options.maxBytes ?? 64 * 1024 * 1024, "cache.maxBytes", 1);
    this.#maxEntries = requireCount(options.maxEntries ?? 10_000, "cache.maxEntries", 1);
  }

  /** What it holds now, in bytes; never more than `maxBytes`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many URLs it holds responses of. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): readonly StoredResponse[] | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.responses;
  }

  /** What alone would be larger than the store is not kept. */
  set(key: string, responses: readonly StoredResponse[]): void {
    this.delete(key);
    const bytes = responses.reduce((sum, response) => sum + sizeOf(response), key.length);
    if (responses.length === 0 || bytes > this.#maxBytes) return;
    this.#entries.set(key, { responses, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes && this.#entries.size <= this.#maxEntries) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}

function sizeOf({ body, headers, varied }: StoredResponse): number {
  const fields = [...headers, ...varied].reduce(
    (sum, [name, value]) => sum + name.length + (value?.length ?? 0),
    0,
  );
  return body.length + fields;
}
