import type { Auth } from "../../core/auth.ts";
import { basicCredentials, checkCredentials } from "../../core/basic-credentials.ts";
import { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";

/**
 * User name and password with every request (RFC 7617). They are only encoded: use it over https.
 *
 * @example
 * const client = new Client({ auth: new BasicAuth("user", "password") }); // or auth: ["user", "password"]
 */
export class BasicAuth implements Auth {
  /** One object, so that merging it into a client's headers is done once. */
  readonly #headers: Headers;

  /** @throws InvalidOption when the name holds a colon, or either a control character */
  constructor(username: string, password: string) {
    checkCredentials(username, password, "BasicAuth");
    this.#headers = Headers.from({ Authorization: basicCredentials(username, password) });
  }

  *flow(request: Request): Generator<Request, void, Response> {
    yield request.with({ headers: request.headers.merge(this.#headers) });
  }
}
