import type { Auth } from "../../core/auth.ts";
import { basicCredentials } from "../../core/basic-credentials.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { findNetrcEntry, type NetrcEntry, parseNetrc } from "./netrc.ts";

/**
 * User name and password from a netrc file, as Basic credentials: of the entry whose `machine` is exactly the host that
 * is connected to, else of `default`. A host without an entry gets none. The file is read once, when first needed.
 *
 * Runtimes know where such a file is and how to read it, so entries export a class that does.
 */
export class NetrcScheme implements Auth {
  readonly #read: () => Promise<string>;
  #entries: Promise<readonly NetrcEntry[]> | undefined;

  /** @param read the file's text; InvalidOption where it can't be read */
  constructor(read: () => Promise<string>) {
    this.#read = read;
  }

  async *flow(request: Request): AsyncGenerator<Request, void, Response> {
    this.#entries ??= this.#read().then(parseNetrc);
    const entry = findNetrcEntry(await this.#entries, request.url.origin.hostname);
    if (entry === undefined) {
      yield request;
      return;
    }
    const credentials = basicCredentials(entry.login, entry.password);
    yield request.with({ headers: request.headers.with("Authorization", credentials) });
  }
}
