import { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";

/** A token as it is sent (RFC 6750 §2.1). */
export class BearerToken {
  readonly value: string;
  /** One object, so that merging it into a client's headers is done once. */
  readonly #headers: Headers;

  constructor(value: string) {
    this.value = value;
    this.#headers = Headers.from({ Authorization: `Bearer ${value}` });
  }

  /** The request with the token. */
  on(request: Request): Request {
    return request.with({ headers: request.headers.merge(this.#headers) });
  }
}
