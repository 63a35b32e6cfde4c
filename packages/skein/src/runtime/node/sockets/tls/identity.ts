import type { PeerCertificate, TLSSocket } from "node:tls";
import { InvalidOption } from "../../../../core/errors.ts";
import { messageOf } from "../../../../core/message-of.ts";
import type { ServerCertificate, TlsOptions } from "../../../../core/ports.ts";
import { tls } from "./secure-context.ts";

/** Why a server is refused although its chain is sound. `socket-failure.ts` makes the whole line. */
class IdentityError extends Error {
  readonly code = "SKEIN_IDENTITY";
}

/** What a server has shown when its session began. Node tells it then only, and not when the session is resumed. */
export interface Shown {
  readonly certificate: PeerCertificate;
  /** SHA-256 of its public key, in base64, where a pin asks for it. */
  readonly keyHash: string | undefined;
}

export function shownBy(socket: TLSSocket, { pin }: TlsOptions): Shown {
  return {
    certificate: socket.getPeerCertificate(),
    keyHash: pin === undefined ? undefined : keyHashOf(socket),
  };
}

function keyHashOf(socket: TLSSocket): string | undefined {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  const { createHash } = process.getBuiltinModule("node:crypto");
  return key === undefined ? undefined : createHash("sha256").update(key).digest("base64");
}

/** What is wrong with a server, if something is: who it says it is, beside what OpenSSL finds out about its chain. */
export type IdentityCheck = (host: string, shown: Shown) => Error | undefined;

/**
 * The checks of one client's connections, made each time: also for a session that is resumed.
 *
 * @throws InvalidOption when a pin is none
 */
export function identityCheck(options: TlsOptions): IdentityCheck {
  const pins = readPins(options.pin);
  const { verify = true, checkServerIdentity } = options;
  return (host, { certificate, keyHash }) =>
    (verify ? namesMatch(host, certificate) : undefined) ??
    (pins.size === 0 || pins.has(keyHash ?? "") ? undefined : wrongKey(keyHash)) ??
    customCheck(host, certificate, checkServerIdentity);
}

/**
 * RFC 9525 §6.3: a certificate is for the names in its subjectAltName; its common name counts no more. `host` is what was
 * resolved: ASCII, in lower case.
 */
function namesMatch(host: string, certificate: PeerCertificate): Error | undefined {
  const names = certificate.subjectaltname ?? "";
  if (!/(^|, )(DNS|IP Address):/.test(names))
    return new IdentityError("it names no host in its subjectAltName, and its common name counts no more");
  return tls().checkServerIdentity(host, certificate);
}

function wrongKey(keyHash = "none"): IdentityError {
  return new IdentityError(`its public key (sha256/${keyHash}) is none of those in tls.pin`);
}

function customCheck(
  host: string,
  certificate: PeerCertificate,
  check: TlsOptions["checkServerIdentity"],
): Error | undefined {
  if (check === undefined) return undefined;
  try {
    const error = check(host, certificate as ServerCertificate);
    return error && new IdentityError(`tls.checkServerIdentity: ${messageOf(error)}`, { cause: error });
  } catch (error) {
    return new IdentityError(`tls.checkServerIdentity: ${messageOf(error)}`, { cause: error });
  }
}

function readPins(pin: TlsOptions["pin"]): ReadonlySet<string> {
  const pins = pin === undefined ? [] : typeof pin === "string" ? [pin] : pin;
  return new Set(pins.map(readPin));
}

/** In base64, however it was written. */
function readPin(text: string): string {
  const bare = typeof text === "string" ? text.replace(/^sha256\/{1,2}/, "") : "";
  if (/^[0-9a-f]{64}$/i.test(bare)) return Buffer.from(bare, "hex").toString("base64");
  if (/^[A-Za-z0-9+/]{43}=$/.test(bare)) return bare;
  throw new InvalidOption(
    `tls.pin: expected the SHA-256 of a public key, "sha256/" and 44 characters of base64; got ${JSON.stringify(text)}`,
  );
}
