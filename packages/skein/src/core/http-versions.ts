import { InvalidOption } from "./errors.ts";
import type { NetworkOptions } from "./ports.ts";

/** What servers may be spoken to in; one at least. */
export interface HttpVersions {
  readonly http1: boolean;
  readonly http2: boolean;
}

/** @throws InvalidOption where a client could speak nothing */
export function httpVersions({ http1 = true, http2 = true }: NetworkOptions): HttpVersions {
  for (const [name, value] of Object.entries({ http1, http2 })) {
    if (typeof value !== "boolean")
      throw new InvalidOption(`${name}: expected true or false; got ${typeof value}`);
  }
  if (http1 || http2) return { http1, http2 };
  throw new InvalidOption("http1, http2: one of the two is needed; both are false");
}

/** What servers are offered by ALPN (RFC 7301), the best first. */
export function protocolNames({ http1, http2 }: HttpVersions): string[] {
  return [...(http2 ? ["h2"] : []), ...(http1 ? ["http/1.1"] : [])];
}
