import type { ClientPolicy } from "../../core/client-policy.ts";
import type { Clock } from "../../core/clock.ts";
import { checkNames, requireCount } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { SharedCall } from "./shared-call.ts";

export interface CoalesceOptions {
  /** Bodies of more bytes are not shared: the others then ask by themselves. Default: 1 MiB. */
  maxBytes?: number;
}

/** What `client.stats().coalesce` tells. */
export interface CoalesceStats {
  /** Calls that were sent. */
  readonly sent: number;
  /** Calls that were answered by one that was under way. */
  readonly shared: number;
}

/**
 * Identical calls that are under way at once are sent once: those that come while it runs get a copy of its answer, or its
 * error. Identical are GETs and HEADs with the same URL and the same header fields, credentials among them. Streams are not
 * shared; trace and hooks tell of the call that was sent. A call that is cancelled leaves the others alone; the request ends when the last one is.
 *
 * @throws InvalidOption
 * @example
 * const client = new Client({ policies: [coalesce()] });
 * const [a, b] = await gather([client.get(url), client.get(url)]); // one request
 */
export function coalesce(options: CoalesceOptions = {}): ClientPolicy {
  const { maxBytes } = checkNames(options, ["maxBytes"], "coalesce");
  return new CoalescePolicy(requireCount(maxBytes ?? 1024 * 1024, "coalesce.maxBytes", 0));
}

class CoalescePolicy implements ClientPolicy {
  readonly name = "coalesce";
  readonly #maxBytes: number;
  #sent = 0;
  #shared = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is under way belongs to one stack: another's layers may answer differently. */
  layer(clock: Clock): Layer {
    return inner => {
      const calls = new Map<string, SharedCall>();
      return {
        send: (request, context) => this.#send(request, context, { inner, clock, calls }),
        close: () => inner.close(),
      };
    };
  }

  stats(): CoalesceStats {
    return { sent: this.#sent, shared: this.#shared };
  }

  async #send(request: Request, context: RequestContext, under: UnderWay): Promise<Response> {
    const { inner, clock, calls } = under;
    if (!isShareable(request, context)) return inner.send(request, context);
    const key = keyOf(request, context);
    const running = calls.get(key);
    if (running !== undefined) {
      const answer = await running.join(request, context);
      if (answer === undefined) return inner.send(request, context);
      this.#shared += 1;
      return answer;
    }
    this.#sent += 1;
    const call = new SharedCall({ inner, clock, maxBytes: this.#maxBytes, ended: () => calls.delete(key) });
    calls.set(key, call);
    return call.begin(request, context);
  }
}

interface UnderWay {
  readonly inner: Service;
  readonly clock: Clock;
  readonly calls: Map<string, SharedCall>;
}

/** Only what changes nothing and is read into memory. */
function isShareable({ method, body }: Request, context: RequestContext): boolean {
  if ((method !== "GET" && method !== "HEAD") || body !== undefined) return false;
  const { streaming, raw, receiver, progress } = context;
  return !streaming && !raw && receiver === undefined && progress === undefined;
}

function keyOf({ method, url, headers }: Request, { policies, maxResponseBytes }: RequestContext): string {
  const fields = [...headers].map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  return [method, url.href, policies.attempts, maxResponseBytes, ...fields].join("\n");
}
