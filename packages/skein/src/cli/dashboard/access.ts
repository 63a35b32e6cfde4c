import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const TOKEN_BYTES = 32;
/** Names that this machine has for itself; any other in `Host` was made to lead here by somebody's name server. */
const OWN_NAMES: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** Why a request is refused, as a status and a sentence; undefined where it is not. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
}

/**
 * Whom the server answers. It is reached from this machine alone, but every page that a browser has open can send requests here:
 * what such a page can't do is to name this server in `Host` and `Origin` at once, nor know the token.
 */
export class Access {
  readonly #token: Buffer;
  readonly #port: number;

  constructor(token: string, port: number) {
    this.#token = digest(token);
    this.#port = port;
  }

  /** Whether it comes from a page of this server's, or from no page. */
  foreign({ headers }: Pick<IncomingMessage, "headers">): Refusal | undefined {
    if (!this.#isOwn(headers.host))
      return { status: 403, error: "this server answers to 127.0.0.1 and localhost alone" };
    const { origin } = headers;
    if (origin !== undefined && !this.#isOwn(withoutScheme(origin)))
      return { status: 403, error: "a page of another origin may ask nothing here" };
    const site = headers["sec-fetch-site"];
    if (site === "cross-site" && headers["sec-fetch-mode"] !== "navigate")
      return { status: 403, error: "a page of another site may ask nothing here" };
    return undefined;
  }

  unauthorized({ headers }: Pick<IncomingMessage, "headers">, query: URLSearchParams): Refusal | undefined {
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? query.get("token");
    if (given !== null && timingSafeEqual(digest(given), this.#token)) return undefined;
    return { status: 401, error: "the token is missing or wrong: open the URL that skein has printed" };
  }

  #isOwn(host: string | undefined): boolean {
    const match = /^(\[[0-9a-f:]+\]|[^:]+)(?::(\d+))?$/i.exec(host ?? "");
    return match !== null && OWN_NAMES.has(match[1]!.toLowerCase()) && Number(match[2] ?? 80) === this.#port;
  }
}

/** Of one length, as a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function withoutScheme(origin: string): string | undefined {
  return origin.startsWith("http://") ? origin.slice("http://".length) : undefined;
}
