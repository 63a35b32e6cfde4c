import type { SecureContext, SecureContextOptions } from "node:tls";
import { InvalidOption } from "../../../../core/errors.ts";
import { checkNames } from "../../../../core/option-names.ts";
import { ownOptions } from "../../../../core/own-options.ts";
import type { TlsOptions } from "../../../../core/ports.ts";

export const TLS_NAMES: readonly string[] =
  "ca cert key pfx passphrase verify serverName minVersion maxVersion ciphers pin crl checkServerIdentity".split(
    " ",
  );

/** @throws InvalidOption for names that are none, and for what can't be meant */
export function checkTlsOptions(options: TlsOptions): void {
  if (Object.hasOwn(options, "alpn"))
    throw new InvalidOption("tls.alpn: which protocols servers may choose from is said by http1 and http2");
  const { verify = true, checkServerIdentity = () => undefined } = checkNames(options, TLS_NAMES, "tls");
  if (typeof verify !== "boolean")
    throw new InvalidOption(`tls.verify: expected true or false; got ${typeof verify}`);
  if (typeof checkServerIdentity !== "function")
    throw new InvalidOption(
      `tls.checkServerIdentity: expected a function; got ${typeof checkServerIdentity}`,
    );
}

/** Parts of the options that can be tried by themselves, to tell which one is at fault. */
const PARTS: readonly (keyof TlsOptions)[][] = [
  ["ca"],
  ["cert"],
  ["key", "passphrase"],
  ["cert", "key", "passphrase"],
  ["pfx", "passphrase"],
  ["crl"],
  ["ciphers"],
  ["minVersion", "maxVersion"],
];

/** Whether a context is made at once, so that a mistake in the options is told where they are given. */
export function needsCheck(options: TlsOptions): boolean {
  return PARTS.flat().some(name => options[name] !== undefined);
}

/**
 * What all connections of a client share: parsed authorities, certificate and key.
 *
 * @param roots authorities in the place of the runtime's own, where the options name none
 * @throws InvalidOption naming the option that can't be used
 */
export function secureContext(options: TlsOptions, roots?: readonly string[]): SecureContext {
  if (options.ca !== undefined) checkCertificates(options.ca);
  checkVersions(options);
  const given = contextOptions(options, options.ca === undefined ? roots : undefined);
  try {
    return tls().createSecureContext(given);
  } catch (error) {
    throw new InvalidOption(`tls.${faultyPart(options) ?? "…"}: ${reasonOf(error as Error)}`);
  }
}

/** OpenSSL passes over what is no certificate: then nobody would be trusted, or not all that should be. */
function checkCertificates(ca: NonNullable<TlsOptions["ca"]>): void {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const texts = (Array.isArray(ca) ? ca : [ca]).map(textOf);
  const certificates = texts.flatMap(text => text.match(PEM_CERTIFICATE) ?? []);
  if (certificates.length === 0) throw new InvalidOption("tls.ca: expected certificates in PEM; got none");
  for (const [index, certificate] of certificates.entries()) {
    try {
      void new X509Certificate(certificate);
    } catch {
      throw new InvalidOption(`tls.ca: certificate ${index + 1} of ${certificates.length} can't be read`);
    }
  }
}

function checkVersions({ minVersion, maxVersion }: TlsOptions): void {
  if (minVersion !== undefined && maxVersion !== undefined && minVersion > maxVersion)
    throw new InvalidOption(`tls.minVersion: ${minVersion} is above maxVersion, ${maxVersion}`);
}

function textOf(pem: string | Uint8Array): string {
  return typeof pem === "string" ? pem : Buffer.from(pem).toString("latin1");
}

const PEM_CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

function contextOptions(options: TlsOptions, roots: readonly string[] | undefined): SecureContextOptions {
  const { ca, cert, key, pfx, passphrase, ciphers, crl, minVersion = "TLSv1.2", maxVersion } = options;
  const given = { ca: ca ?? roots, cert, key, pfx, passphrase, ciphers, crl, minVersion, maxVersion };
  // Node would take what stands on Object.prototype for what is left out.
  return ownOptions(given as SecureContextOptions);
}

function faultyPart(options: TlsOptions): string | undefined {
  const part = PARTS.find(names => {
    const given = names.filter(name => options[name] !== undefined);
    if (given.length === 0) return false;
    try {
      const part = Object.fromEntries(given.map(name => [name, options[name]]));
      tls().createSecureContext(ownOptions(part as SecureContextOptions));
      return false;
    } catch {
      return true;
    }
  });
  return part?.findLast(name => options[name] !== undefined && name !== "passphrase");
}

/** OpenSSL's words, without its numbers. */
function reasonOf(error: Error & { reason?: string }): string {
  return error.reason ?? error.message.replace(/^error:[0-9A-F]+:/i, "");
}

/** Loaded by the first https request. */
export function tls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}
