import type { Auth } from "../../core/auth.ts";
import { checkCredentials } from "../../core/basic-credentials.ts";
import { BodyNotReplayable } from "../../core/errors.ts";
import type { Hash } from "../../core/ports.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { challengesOf, parseParameters } from "./challenges.ts";
import { chooseDigest, type DigestCredentials, DigestSession } from "./digest-session.ts";

/** Origins whose nonces are remembered. */
const MAX_SESSIONS = 100;

/**
 * User name and password, of which only sums are sent (RFC 7616): MD5, SHA-256, SHA-512-256 and their `-sess`, with
 * `qop=auth` or none. The first request to an origin is refused with a nonce and sent again; those after it carry the
 * nonce from the start. A body must be one that can be sent twice.
 *
 * Runtimes give it their hash, so entries export a class that has one.
 */
export class DigestScheme implements Auth {
  readonly #credentials: DigestCredentials;
  readonly #hash: Hash;
  readonly #makeCnonce: () => string;
  readonly #sessions = new Map<string, DigestSession>();

  /** @throws InvalidOption when the name holds a colon, or either a control character */
  constructor(username: string, password: string, { hash, makeCnonce = randomCnonce }: DigestParts) {
    checkCredentials(username, password, "DigestAuth");
    this.#credentials = { username, password };
    this.#hash = hash;
    this.#makeCnonce = makeCnonce;
  }

  async *flow(request: Request): AsyncGenerator<Request, void, Response> {
    const { key } = request.url.origin;
    const known = this.#sessions.get(key);
    let response = yield known === undefined ? request : await authorized(request, known);
    if (known !== undefined && response.status !== 401) return takeNextNonce(response, known);
    // A nonce that was stale in the very moment it was given is the one reason to try twice.
    for (let tries = 0; response.status === 401 && tries < 2; tries += 1) {
      const challenge = chooseDigest(challengesOf(response.headers));
      if (challenge === undefined || (tries > 0 && !challenge.stale)) break;
      requireReplayable(request);
      const parts = { cnonce: this.#makeCnonce(), hash: this.#hash };
      const session = new DigestSession(this.#credentials, challenge, parts);
      this.#remember(key, session);
      response = yield await authorized(request, session);
      takeNextNonce(response, session);
    }
    // Credentials that were refused would be refused again: the next request asks anew.
    if (response.status === 401) this.#sessions.delete(key);
  }

  #remember(key: string, session: DigestSession): void {
    this.#sessions.delete(key);
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    this.#sessions.set(key, session);
  }
}

export interface DigestParts {
  readonly hash: Hash;
  /** Default: 128 random bits. */
  readonly makeCnonce?: () => string;
}

function randomCnonce(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

async function authorized(request: Request, session: DigestSession): Promise<Request> {
  const value = await session.authorize(request.method, request.url.target);
  return request.with({ headers: request.headers.with("Authorization", value) });
}

function takeNextNonce(response: Response, session: DigestSession): void {
  const info = response.headers.get("authentication-info");
  const nextNonce = info === null ? undefined : parseParameters(info).get("nextnonce");
  if (nextNonce !== undefined) session.useNonce(nextNonce);
}

function requireReplayable(request: Request): void {
  if (request.isReplayable) return;
  throw new BodyNotReplayable(
    "the server asks for Digest credentials, so that the body must be sent again, but it was a stream that has been read; give a function that makes the stream",
  );
}
