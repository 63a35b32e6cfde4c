import type { Auth } from "../../core/auth.ts";
import type { Clock } from "../../core/clock.ts";
import { AuthError, InvalidOption, isSkeinError } from "../../core/errors.ts";
import { checkNames } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { parseUrl } from "../../core/url.ts";
import { BearerToken } from "./bearer-token.ts";
import { readToken, type TokenQuestion, tokenRequest } from "./oauth2-token.ts";

export interface OAuth2ClientCredentialsOptions {
  /** Where tokens are given. */
  tokenUrl: string | URL;
  clientId: string;
  clientSecret: string;
  /** Several are joined by spaces. */
  scope?: string | readonly string[] | undefined;
  /** What else the server asks for: `{ audience: "https://api.example.com" }`. */
  params?: Readonly<Record<string, string>> | undefined;
  /** How the client shows its secret: as Basic credentials, or in the body. Default: "basic". */
  clientAuth?: "basic" | "body" | undefined;
}

const NAMES = ["tokenUrl", "clientId", "clientSecret", "scope", "params", "clientAuth"];

/** A token that ends so soon is not begun with: the request must still arrive. Never more than half its life. */
const MARGIN_MS = 30_000;

/** How a fetch of a token ended, for the calls that waited for it. */
type Outcome = { readonly token: BearerToken } | { readonly failure: unknown } | "abandoned";

/**
 * A token that the client gets with its own credentials (RFC 6749 §4.4), through the same connections as the call. It
 * is kept until shortly before it expires, fetched once for however many calls wait for it, and fetched anew, once,
 * when a request with it is answered 401.
 *
 * Runtimes give it their clock, so entries export a class that has one.
 */
export class ClientCredentialsScheme implements Auth {
  readonly #question: TokenQuestion;
  readonly #clock: Clock;
  #token: { readonly bearer: BearerToken; readonly goodUntil: number } | undefined;
  #pending: Promise<Outcome> | undefined;

  /** @throws InvalidOption, InvalidUrl */
  constructor(options: OAuth2ClientCredentialsOptions, clock: Clock) {
    this.#question = readOptions(options);
    this.#clock = clock;
  }

  async *flow(request: Request): AsyncGenerator<Request, void, Response> {
    const token = yield* this.#current(request);
    const response = yield token.on(request);
    if (response.status !== 401) return;
    if (this.#token?.bearer === token) this.#token = undefined;
    // The next call will get a new token; this one can't be repeated, and is answered as it is.
    if (request.isReplayable) yield (yield* this.#current(request)).on(request);
  }

  async *#current(request: Request): AsyncGenerator<Request, BearerToken, Response> {
    for (;;) {
      const token = this.#token;
      if (token !== undefined && this.#clock.now() < token.goodUntil) return token.bearer;
      if (this.#pending === undefined) return yield* this.#fetch(request);
      const outcome = await this.#pending;
      if (outcome === "abandoned") continue;
      if ("token" in outcome) return outcome.token;
      throw asAuthError(outcome.failure, this.#question);
    }
  }

  /** Asks in the name of all who wait. If this call is cancelled or out of time meanwhile, the next of them takes over. */
  async *#fetch(request: Request): AsyncGenerator<Request, BearerToken, Response> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#pending = promise;
    let outcome: Outcome = "abandoned";
    try {
      const askedAt = this.#clock.now();
      const response = yield tokenRequest(this.#question, request.headers.get("user-agent"));
      const { value, expiresInMs } = readToken(response);
      const bearer = new BearerToken(value);
      this.#token = { bearer, goodUntil: goodUntil(askedAt, expiresInMs) };
      outcome = { token: bearer };
      return bearer;
    } catch (error) {
      if (isOfThisCall(error)) throw error;
      outcome = { failure: error };
      throw asAuthError(error, this.#question);
    } finally {
      this.#pending = undefined;
      resolve(outcome);
    }
  }
}

function goodUntil(askedAt: number, expiresInMs: number | undefined): number {
  if (expiresInMs === undefined) return Number.POSITIVE_INFINITY;
  return askedAt + expiresInMs - Math.min(MARGIN_MS, expiresInMs / 2);
}

/** What ended the call that asked says nothing about the token endpoint. */
function isOfThisCall(error: unknown): boolean {
  return isSkeinError(error) && (error.code === "ABORTED" || error.code === "TOTAL_TIMEOUT");
}

/** An error a call: each is completed with the request that it belongs to. */
function asAuthError(error: unknown, { url }: TokenQuestion): AuthError {
  const details = { cause: error, requestSent: "none" } as const;
  if (error instanceof AuthError) return new AuthError(error.code, error.reason, details);
  const reason = isSkeinError(error) ? error.reason : String(error);
  return new AuthError("AUTH_UNAVAILABLE", `no token from ${url.origin.key}: ${reason}`, details);
}

function readOptions(options: OAuth2ClientCredentialsOptions): TokenQuestion {
  checkNames(options, NAMES, "OAuth2ClientCredentials");
  const { tokenUrl, clientId, clientSecret, scope, params = {}, clientAuth = "basic" } = options;
  if (typeof clientId !== "string" || typeof clientSecret !== "string")
    throw new InvalidOption("OAuth2ClientCredentials: clientId and clientSecret must be strings");
  if (clientAuth !== "basic" && clientAuth !== "body")
    throw new InvalidOption(`OAuth2ClientCredentials.clientAuth: expected "basic" or "body"`);
  const scopes = typeof scope === "string" ? scope : scope?.join(" ");
  const parameters = Object.entries(scopes === undefined ? params : { scope: scopes, ...params });
  return { url: parseUrl(String(tokenUrl)), clientId, clientSecret, clientAuth, parameters };
}
