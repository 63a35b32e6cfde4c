export interface FrontierRules {
  /** How many URLs it gives in all. */
  readonly maxPages: number;
  /** Whether a URL may be visited. Never rejects. */
  allows(url: URL): Promise<boolean>;
}

/** The URLs that are to be visited, each once: a queue that grows while it is read, and ends when nothing is open any more. */
export class Frontier implements AsyncIterable<string> {
  readonly #rules: FrontierRules;
  readonly #known = new Set<string>();
  readonly #ready: string[] = [];
  /** URLs that are being checked, wait here, or have been given and are not done. */
  #open = 0;
  #given = 0;
  #wake: (() => void) | undefined;

  constructor(rules: FrontierRules) {
    this.#rules = rules;
  }

  /** Adds a URL; one that is known, or not of the web, is left out. */
  add(link: string): void {
    const url = URL.parse(link);
    if (url === null || !/^https?:$/.test(url.protocol)) return;
    url.hash = "";
    if (this.#known.has(url.href)) return;
    this.#known.add(url.href);
    this.#open += 1;
    void this.#check(url);
  }

  /** A URL that was given has been visited, and its links were added. */
  done(): void {
    this.#open -= 1;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    while (this.#given < this.#rules.maxPages) {
      const url = this.#ready.shift();
      if (url !== undefined) {
        this.#given += 1;
        yield url;
      } else if (this.#open === 0) return;
      else {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    }
  }

  async #check(url: URL): Promise<void> {
    if (await this.#rules.allows(url)) {
      this.#ready.push(url.href);
      this.#wake?.();
    } else this.done();
  }
}
