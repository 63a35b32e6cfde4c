import type { Auth, AuthFlow } from "../../core/auth.ts";
import { HandlerError, InvalidOption } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { BearerToken } from "./bearer-token.ts";

/** Gives a token. `refresh` is true when the last one was refused: one that is merely kept will not do. */
export type TokenSource = (options: { readonly refresh: boolean }) => string | Promise<string>;

/**
 * A token with every request (RFC 6750). A function is asked for it once, and again when a request with it is answered
 * 401: then that request is sent once more. However many requests wait for a token, the function runs once for all. A call
 * that it makes with the same client needs `auth: null`, or it would wait for its own token.
 *
 * @example
 * const auth = new BearerAuth(async ({ refresh }) => (refresh ? login() : readToken()));
 * const client = new Client({ baseUrl: "https://api.example.com", auth });
 */
export class BearerAuth implements Auth {
  readonly #source: BearerToken | TokenSource;
  #token: BearerToken | undefined;
  /** Whether the token that there was has been refused. */
  #wasRefused = false;
  #pending: Promise<BearerToken> | undefined;

  /** @throws InvalidOption when it is neither a function nor a token that a header can hold */
  constructor(token: string | TokenSource) {
    this.#source = typeof token === "function" ? token : new BearerToken(checkToken(token));
  }

  flow(request: Request): AuthFlow {
    return typeof this.#source === "function"
      ? this.#refreshing(request, this.#source)
      : once(this.#source.on(request));
  }

  async *#refreshing(request: Request, source: TokenSource): AsyncGenerator<Request, void, Response> {
    const token = this.#token ?? (await this.#wait(source));
    const response = yield token.on(request);
    if (response.status !== 401) return;
    this.#refuse(token);
    // The next call will get a new token; this one can't be repeated, and is answered as it is.
    if (!request.isReplayable) return;
    const fresh = this.#token ?? (await this.#wait(source));
    if (fresh.value !== token.value) yield fresh.on(request);
  }

  /** For the token that is being fetched, or a new one. Each call that waits has an error of its own. */
  async #wait(source: TokenSource): Promise<BearerToken> {
    try {
      return await (this.#pending ?? this.#fetch(source));
    } catch (error) {
      throw new HandlerError("the function that gives the bearer token", error);
    }
  }

  #fetch(source: TokenSource): Promise<BearerToken> {
    this.#pending = this.#ask(source).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #ask(source: TokenSource): Promise<BearerToken> {
    this.#token = new BearerToken(checkToken(await source({ refresh: this.#wasRefused })));
    this.#wasRefused = false;
    return this.#token;
  }

  /** A refusal of a token that another request has replaced meanwhile is no news. */
  #refuse(token: BearerToken): void {
    if (this.#token !== token) return;
    this.#token = undefined;
    this.#wasRefused = true;
  }
}

function* once(request: Request): Generator<Request, void, Response> {
  yield request;
}

/** What a header can hold; the grammar of RFC 6750 (token68) is narrower than what servers hand out. */
function checkToken(token: unknown): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  const got = typeof token === "string" ? "a string that a header can't hold" : typeof token;
  throw new InvalidOption(`bearer token: expected one or more visible ASCII characters; got ${got}`);
}
