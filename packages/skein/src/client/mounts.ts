import { InvalidOption } from "../core/errors.ts";
import { ownOptions } from "../core/own-options.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Transport } from "../core/service.ts";
import type { Origin } from "../core/url.ts";
import { UrlPattern } from "./url-pattern.ts";

/** Transports by URL pattern; `null`: the client's own. */
export type Mounts = Readonly<Record<string, Transport | null>>;

/**
 * A transport that hands each request to the mounted one whose pattern fits best, and all others to the client's own.
 *
 * @throws InvalidOption for what is no pattern, or no transport
 */
export function mountTransports(mounts: Mounts, own: Transport): Transport {
  return new MountedTransports(mounts, own);
}

interface Mount {
  readonly pattern: UrlPattern;
  readonly transport: Transport;
}

class MountedTransports implements Transport {
  /** As the client's own does; what a mounted one has decoded, it marks. */
  readonly decodes: boolean;
  readonly unsupported: readonly string[];
  readonly #own: Transport;
  /** The most specific first. */
  readonly #mounts: readonly Mount[];
  readonly #all: ReadonlySet<Transport>;
  /** What was found before: origins are few. */
  readonly #found = new WeakMap<Origin, Transport>();

  constructor(mounts: Mounts, own: Transport) {
    this.#own = own;
    this.decodes = own.decodes === true;
    this.unsupported = own.unsupported ?? [];
    this.#mounts = Object.entries(ownOptions(mounts))
      .map(([pattern, transport]) => ({
        pattern: new UrlPattern(pattern),
        transport: transport === null ? own : checked(pattern, transport),
      }))
      .sort((a, b) => UrlPattern.compare(a.pattern, b.pattern));
    this.#all = new Set([own, ...this.#mounts.map(({ transport }) => transport)]);
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    const transport = this.#for(request.url.origin);
    const response = transport.send(request, context);
    return transport.decodes === true && !this.decodes ? response.then(markDecoded) : response;
  }

  /** The limits that batches go by are those of the client's own. */
  get room(): number {
    return this.#own.room ?? Number.POSITIVE_INFINITY;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#all, transport => transport.close()));
  }

  destroy(reason?: unknown): void {
    for (const transport of this.#all) {
      if (transport.destroy === undefined) void transport.close();
      else transport.destroy(reason);
    }
  }

  #for(origin: Origin): Transport {
    let transport = this.#found.get(origin);
    if (transport === undefined) {
      transport = this.#mounts.find(({ pattern }) => pattern.matches(origin))?.transport ?? this.#own;
      this.#found.set(origin, transport);
    }
    return transport;
  }
}

function markDecoded(response: Response): Response {
  response.isDecoded = true;
  return response;
}

function checked(pattern: string, transport: Transport): Transport {
  if (typeof transport?.send === "function" && typeof transport.close === "function") return transport;
  throw new InvalidOption(
    `mounts: ${JSON.stringify(pattern)}: expected a transport, an object with send(request, context) and close(), or null for the client's own`,
  );
}
