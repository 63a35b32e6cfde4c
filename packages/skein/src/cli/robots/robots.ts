import robotsParser from "robots-parser";
import {
  AbortError,
  type BaseClient,
  isSkeinError,
  type Request,
  type RequestContext,
  type StreamResponse,
} from "../../entry/node.ts";

// Its types tell of a default export; at run time it is the function itself.
const parseRobots = robotsParser as unknown as typeof robotsParser.default;
type Rules = ReturnType<typeof parseRobots>;

/** What a host allows, and how long it wants to be left alone between two requests; in milliseconds. */
export interface RobotsVerdict {
  readonly isAllowed: boolean;
  readonly delayMs: number;
  /** Why nothing is allowed, where that is not what the host said. */
  readonly unread: string | undefined;
}

/** More than a crawler must read (RFC 9309 §2.5). */
const MOST_BYTES = 512 * 1024;
/** So many hosts are remembered; those after are asked again when they come back. */
const MOST_HOSTS = 10_000;
/** A host that takes longer than that, byte by byte or at once, has none that could be heeded. */
const PATIENCE = "30s";
const NOTHING = "User-agent: *\nDisallow: /";

interface Read {
  readonly rules: Rules;
  readonly unread: string | undefined;
}

/** The robots.txt of the hosts that a list leads to (RFC 9309); each is asked for once. */
export class Robots {
  readonly #client: BaseClient;
  readonly #name: string;
  readonly #hosts = new Map<string, Promise<Read>>();

  /** @param name the product that rules name; what follows a slash or a space is left out */
  constructor(client: BaseClient, name: string) {
    this.#client = client;
    this.#name = name.replace(/[/ ].*$/s, "");
  }

  /**
   * Whoever is cancelled waits no longer; others who wait for the same go on.
   *
   * @param sent what of the request has been sent, where that is known: it may have been redirected
   */
  async ask({ url }: Request, context: RequestContext, sent?: "none"): Promise<RobotsVerdict> {
    const { rules, unread } = await unlessCancelled(this.#of(url.origin.key), context, sent);
    const isAllowed = rules.isAllowed(url.href, this.#name) ?? true;
    const seconds = Number(rules.getCrawlDelay(this.#name) ?? 0);
    return { isAllowed, delayMs: seconds > 0 ? seconds * 1_000 : 0, unread };
  }

  #of(origin: string): Promise<Read> {
    let read = this.#hosts.get(origin);
    if (read === undefined) {
      if (this.#hosts.size >= MOST_HOSTS) this.#hosts.delete(this.#hosts.keys().next().value!);
      read = this.#read(`${origin}/robots.txt`);
      this.#hosts.set(origin, read);
    }
    return read;
  }

  async #read(address: string): Promise<Read> {
    let text = "";
    let unread: string | undefined;
    try {
      // At least five redirects are to be followed (§2.3.1.2).
      const response = await this.#client.stream(address, {
        redirect: { max: 5, downgrade: true },
        timeout: { total: PATIENCE },
      });
      // Where there is none, all is allowed (§2.3.1.3); where it can't be read, nothing (§2.3.1.4).
      if (response.status >= 500 || response.status === 429) unread = `answered ${response.status}`;
      else if (response.status < 300) text = await startOf(response);
      response.close();
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      unread = error.reason;
    }
    return { rules: parseRobots(address, unread === undefined ? text : NOTHING), unread };
  }
}

async function startOf(response: StreamResponse): Promise<string> {
  let text = "";
  for await (const chunk of response.textChunks()) {
    text += chunk;
    if (text.length > MOST_BYTES) break;
  }
  return text.slice(0, MOST_BYTES);
}

function unlessCancelled<T>(
  pending: Promise<T>,
  context: RequestContext,
  requestSent: "none" | undefined,
): Promise<T> {
  const cancelled = (reason: unknown) => new AbortError(reason, { phase: "queue", requestSent });
  return new Promise((resolve, reject) => {
    const end = (error: unknown) => {
      context.onCancel = undefined;
      reject(error);
    };
    context.onCancel = reason => end(cancelled(reason));
    pending.then(value => {
      context.onCancel = undefined;
      resolve(value);
    }, end);
    if (context.cancelled) end(cancelled(context.cancelReason));
  });
}
