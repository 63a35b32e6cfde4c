import { textKey } from "../source/request-key.ts";

/** Beyond so many origins nobody remembers which thread has which: their names say it. */
const MOST_REMEMBERED = 100_000;

/** What can be grouped as it is spelled. */
const PLAIN_ORIGIN = /^https?:\/\/[a-z0-9.-]+(?=[/?#]|$)/;

/**
 * Says which thread sends a request: all to one origin go from one thread, so that the limits of an origin are kept there,
 * and its connections are shared. A new origin goes to the thread that has the fewest.
 */
export class ThreadRouter {
  readonly #origins: number[];
  readonly #domainOf: ((host: string) => string) | undefined;
  readonly #threads = new Map<string, number>();

  /** @param domainOf where what has the same domain must go from one thread as well */
  constructor(threads: number, domainOf?: (host: string) => string) {
    this.#origins = Array.from({ length: threads }, () => 0);
    this.#domainOf = domainOf;
  }

  threadOf(url: string): number {
    const group = this.#groupOf(url);
    const known = this.#threads.get(group);
    if (known !== undefined) return known;
    if (this.#threads.size >= MOST_REMEMBERED) return textKey(group) % this.#origins.length;
    const thread = this.#origins.indexOf(Math.min(...this.#origins));
    this.#origins[thread]! += 1;
    this.#threads.set(group, thread);
    return thread;
  }

  #groupOf(url: string): string {
    if (this.#domainOf !== undefined) return this.#domainOf(new URL(url).hostname);
    return PLAIN_ORIGIN.exec(url)?.[0] ?? new URL(url).origin;
  }
}
