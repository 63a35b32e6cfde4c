import type { Hash, HashAlgorithm } from "../../core/ports.ts";
import type { Challenge } from "./challenges.ts";

/**
 * The sums of RFC 7616. All text is kept as byte strings (one character a byte): what a server sent is latin1 text of
 * bytes that must go into the sums as they came, user name and password are UTF-8.
 */

/** What of a challenge the answer needs. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** As the server wrote it; undefined when it named none, which means MD5. */
  readonly algorithm: string | undefined;
  readonly hash: HashAlgorithm;
  /** `-sess`: the first nonces of the session go into the secret. */
  readonly isSession: boolean;
  /** Whether `qop=auth` is offered; without it the older sum of RFC 2069 is asked for. */
  readonly hasQop: boolean;
  readonly userhash: boolean;
  readonly stale: boolean;
}

export interface DigestCredentials {
  readonly username: string;
  readonly password: string;
}

const ALGORITHMS: Readonly<Record<string, HashAlgorithm>> = {
  md5: "md5",
  "sha-256": "sha-256",
  "sha-512-256": "sha-512-256",
};

/** The first that we can answer: servers list them in the order that they prefer (RFC 7616 §3.7). */
export function chooseDigest(challenges: readonly Challenge[]): DigestChallenge | undefined {
  for (const { scheme, parameters } of challenges) {
    if (scheme !== "digest") continue;
    const digest = readChallenge(parameters);
    if (digest !== undefined) return digest;
  }
  return undefined;
}

function readChallenge(parameters: ReadonlyMap<string, string>): DigestChallenge | undefined {
  const realm = parameters.get("realm");
  const nonce = parameters.get("nonce");
  const algorithm = parameters.get("algorithm");
  const name = algorithm?.toLowerCase() ?? "md5";
  const hash = ALGORITHMS[name.replace(/-sess$/, "")];
  const qops = parameters
    .get("qop")
    ?.toLowerCase()
    .split(",")
    .map(qop => qop.trim());
  const isAnswerable = qops === undefined || qops.includes("auth");
  if (realm === undefined || nonce === undefined || hash === undefined || !isAnswerable) return undefined;
  return {
    realm,
    nonce,
    algorithm,
    hash,
    opaque: parameters.get("opaque"),
    isSession: name.endsWith("-sess"),
    hasQop: qops !== undefined,
    userhash: parameters.get("userhash")?.toLowerCase() === "true",
    stale: parameters.get("stale")?.toLowerCase() === "true",
  };
}

/** What is the same for all requests of a session. */
interface SessionSecrets {
  readonly ha1: string;
  readonly username: string;
}

/** A server's nonce, and how often it was used: so the next request need not be refused first (RFC 7616 §3.4). */
export class DigestSession {
  readonly #challenge: DigestChallenge;
  readonly #cnonce: string;
  readonly #hash: Hash;
  readonly #secrets: Promise<SessionSecrets>;
  #nonce: string;
  #count = 0;

  /** @param cnonce the client's nonce; one a session, since the secret of `-sess` is made with the first one */
  constructor(
    credentials: DigestCredentials,
    challenge: DigestChallenge,
    { cnonce, hash }: { cnonce: string; hash: Hash },
  ) {
    this.#challenge = challenge;
    this.#nonce = challenge.nonce;
    this.#cnonce = cnonce;
    this.#hash = hash;
    this.#secrets = this.#derive(credentials);
    // Whoever waits for it is told; that nobody waits yet makes it no unhandled rejection.
    this.#secrets.catch(() => {});
  }

  /** The server has named the nonce of the next request (Authentication-Info). */
  useNonce(nonce: string): void {
    if (nonce === this.#nonce) return;
    this.#nonce = nonce;
    this.#count = 0;
  }

  /** The Authorization field of the next request. */
  async authorize(method: string, target: string): Promise<string> {
    const { realm, opaque, algorithm, hasQop, userhash } = this.#challenge;
    const nonce = this.#nonce;
    this.#count += 1;
    const nc = this.#count.toString(16).padStart(8, "0");
    const { ha1, username } = await this.#secrets;
    const ha2 = await this.#sum(`${method}:${target}`);
    const middle = hasQop ? `${nonce}:${nc}:${this.#cnonce}:auth` : nonce;
    const fields = [
      username,
      `realm=${quoted(realm)}`,
      `uri=${quoted(target)}`,
      ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
      `nonce=${quoted(nonce)}`,
      ...(hasQop ? [`nc=${nc}`, `cnonce=${quoted(this.#cnonce)}`, "qop=auth"] : []),
      `response=${quoted(await this.#sum(`${ha1}:${middle}:${ha2}`))}`,
      ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
      ...(userhash ? ["userhash=true"] : []),
    ];
    return `Digest ${fields.join(", ")}`;
  }

  async #derive({ username, password }: DigestCredentials): Promise<SessionSecrets> {
    const { realm, isSession, userhash } = this.#challenge;
    const user = utf8Bytes(username);
    const ha1 = await this.#sum(`${user}:${realm}:${utf8Bytes(password)}`);
    return {
      ha1: isSession ? await this.#sum(`${ha1}:${this.#challenge.nonce}:${this.#cnonce}`) : ha1,
      username: userhash ? `username="${await this.#sum(`${user}:${realm}`)}"` : usernameField(username),
    };
  }

  #sum(byteString: string): Promise<string> {
    return this.#hash(
      this.#challenge.hash,
      Uint8Array.from(byteString, character => character.charCodeAt(0)),
    );
  }
}

/** RFC 7616 §3.4: what a quoted string can't hold is sent as `username*` (RFC 5987). */
function usernameField(username: string): string {
  if (/^[\x20-\x7e]*$/.test(username)) return `username=${quoted(username)}`;
  const encoded = encodeURIComponent(username).replace(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `username*=UTF-8''${encoded}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

const utf8 = new TextEncoder();

function utf8Bytes(text: string): string {
  return Array.from(utf8.encode(text), byte => String.fromCharCode(byte)).join("");
}
