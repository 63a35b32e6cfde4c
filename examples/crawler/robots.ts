import robotsParser from "robots-parser";
import { type BaseClient, isSkeinError } from "../../packages/skein/src/entry/node.ts";

// Its types tell of a default export; at run time it is the function itself.
const parseRobots = robotsParser as unknown as typeof robotsParser.default;
type Rules = ReturnType<typeof parseRobots>;

/** What the hosts allow to a crawler of a name (RFC 9309); each robots.txt is asked for once. */
export class Robots {
  readonly #client: BaseClient;
  readonly #name: string;
  readonly #rules = new Map<string, Promise<Rules>>();

  constructor(client: BaseClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async allow(url: URL): Promise<boolean> {
    let rules = this.#rules.get(url.origin);
    if (rules === undefined) {
      rules = this.#load(url.origin);
      this.#rules.set(url.origin, rules);
    }
    return (await rules).isAllowed(url.href, this.#name) ?? true;
  }

  async #load(origin: string): Promise<Rules> {
    const address = `${origin}/robots.txt`;
    return parseRobots(address, await this.#read(address));
  }

  async #read(address: string): Promise<string> {
    try {
      // At least five redirects are to be followed (§2.3.1.2).
      const response = await this.#client.get(address, { redirect: { max: 5 } });
      if (response.ok) return response.text();
      // Where there is none, all is allowed (§2.3.1.3); where it can't be read, nothing (§2.3.1.4).
      return response.status < 500 && response.status !== 429 ? "" : NOTHING;
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      return NOTHING;
    }
  }
}

const NOTHING = "User-agent: *\nDisallow: /";
