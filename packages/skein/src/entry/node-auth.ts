/** The schemes of authentication that need something of the runtime, on Node, Bun and Deno. */

import { DigestScheme } from "../layers/auth/digest-auth.ts";
import { NetrcScheme } from "../layers/auth/netrc-auth.ts";
import {
  ClientCredentialsScheme,
  type OAuth2ClientCredentialsOptions,
} from "../layers/auth/oauth2-client-credentials.ts";
import { readNetrcFile } from "../runtime/node/netrc-file.ts";
import { nodeClock } from "../runtime/node/node-clock.ts";
import { nodeHash } from "../runtime/node/node-hash.ts";

/**
 * User name and password, of which only sums are sent (RFC 7616): MD5, SHA-256, SHA-512-256 and their `-sess`, with
 * `qop=auth` or none. The first request to an origin is refused and sent again; later ones carry their credentials from
 * the start. A body must be one that can be sent twice, or the call fails with BodyNotReplayable.
 *
 * @throws InvalidOption when the name holds a colon, or either a control character
 * @example
 * const client = new Client({ auth: new DigestAuth("user", "password") });
 */
export class DigestAuth extends DigestScheme {
  constructor(username: string, password: string) {
    super(username, password, { hash: nodeHash });
  }
}

/**
 * User name and password from a netrc file, as Basic credentials: of the entry whose `machine` is exactly the host that
 * is connected to, else of `default`; none where there is neither. The file is read once, by the first call; calls fail
 * with InvalidOption when it can't be read.
 *
 * @param path default: what the environment variable NETRC names, else `.netrc` (Windows: `_netrc`) in the home directory
 * @example
 * const client = new Client({ auth: new NetrcAuth() });
 */
export class NetrcAuth extends NetrcScheme {
  constructor(path?: string) {
    super(() => readNetrcFile(path));
  }
}

/**
 * A token that the client gets with its own credentials (OAuth 2, RFC 6749 §4.4). It is fetched by the first call, once
 * for all that wait for it; kept until 30 s before it expires (half its life where that is shorter); and fetched anew,
 * once, when a request with it is answered 401. Calls fail with AuthError when there is no token to be had.
 *
 * @throws InvalidOption, InvalidUrl
 * @example
 * const auth = new OAuth2ClientCredentials({ tokenUrl, clientId, clientSecret, scope: "orders:read" });
 * const client = new Client({ baseUrl: "https://api.example.com", auth });
 */
export class OAuth2ClientCredentials extends ClientCredentialsScheme {
  constructor(options: OAuth2ClientCredentialsOptions) {
    super(options, nodeClock);
  }
}
