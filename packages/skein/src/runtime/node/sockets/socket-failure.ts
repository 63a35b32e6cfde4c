import { isSkeinError } from "../../../core/errors.ts";
import type { SocketFailure } from "../../../core/ports.ts";
import { ProxyFailure } from "../proxy/proxy-failure.ts";

type NodeError = NodeJS.ErrnoException & {
  host?: string;
  reason?: string;
  cert?: { subjectaltname?: string };
};

const KINDS: Readonly<Record<string, SocketFailure["kind"]>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  EADDRNOTAVAIL: "files",
  EMFILE: "files",
  ENFILE: "files",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ECONNABORTED: "reset",
};

/** Why a certificate is refused, by OpenSSL's code. */
const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends in a self-signed certificate that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "its issuer is unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is unknown",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its issuer is unknown, or an intermediate certificate is missing",
  CERT_UNTRUSTED: "it is not trusted",
  CERT_REVOKED: "it has been revoked",
  CERT_SIGNATURE_FAILURE: "its signature is wrong",
  INVALID_CA: "an issuer in its chain is no certificate authority",
  INVALID_PURPOSE: "it is not meant for servers",
  CERT_CHAIN_TOO_LONG: "its chain is too long",
  UNABLE_TO_GET_CRL: "tls.crl holds no revocation list of its issuer",
  CRL_HAS_EXPIRED: "the revocation list of its issuer has expired",
  PATH_LENGTH_EXCEEDED: "its chain is too long",
};

/** Sorts an error of Node's sockets; `target` is `host:port` as the request names it. */
export function socketFailure(error: Error, target: string): SocketFailure {
  if (error instanceof ProxyFailure) return error.failure;
  const failure = sorted(error, target);
  const others = error instanceof AggregateError ? error.errors.length - 1 : 0;
  if (others < 1) return failure;
  const more = `; ${others} more address${others === 1 ? "" : "es"} failed, too`;
  return { ...failure, reason: `${failure.reason}${more}` };
}

function sorted(error: Error, target: string): SocketFailure {
  // Several addresses were tried, and each failed: the first tells most.
  const first =
    error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as Error) : error;
  const { code = "" } = first as NodeError;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return wrongHost(first, target);
  if (code === "SKEIN_BLOCKED") return { kind: "blocked", reason: first.message, cause: error };
  if (isSkeinError(first)) return { kind: "other", reason: first.message, cause: error };
  const refusal = Object.hasOwn(CERTIFICATE_REASONS, code) ? CERTIFICATE_REASONS[code] : undefined;
  if (refusal !== undefined || code === "SKEIN_IDENTITY") {
    const reason = `the certificate of ${target} is refused: ${refusal ?? first.message}`;
    return { kind: "certificate", reason, cause: error };
  }
  const kind = Object.hasOwn(KINDS, code) ? KINDS[code]! : isTls(code) ? "tls" : "other";
  return { kind, reason: reasonOf(kind, first, target), cause: error };
}

/** What OpenSSL makes of text where it expects a handshake. */
const PLAIN_ANSWERS = new Set([
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_HTTP_REQUEST",
]);

function isTls(code: string): boolean {
  return code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS") || code === "EPROTO";
}

function reasonOf(kind: SocketFailure["kind"], error: NodeError, target: string): string {
  switch (kind) {
    case "refused":
      return `connection refused by ${addressOf(error) ?? target}`;
    case "unreachable":
      return `${addressOf(error) ?? target} can't be reached (${error.code})`;
    case "dns":
      return `no address found for ${target.replace(/:\d+$/, "")} (${error.code})`;
    case "files":
      return `no socket could be opened (${error.code})`;
    case "reset":
      return `connection reset by ${target}`;
    case "tls":
      return `no TLS connection to ${target}: ${tlsReason(error)}`;
    default:
      return `the connection to ${target} failed: ${error.message}`;
  }
}

function tlsReason({ code = "", reason, message }: NodeError): string {
  const told = (reason ?? message).trim();
  return PLAIN_ANSWERS.has(code)
    ? `what answers does not speak it (${told}); for plain HTTP, write http://`
    : told;
}

function addressOf(error: NodeError & { address?: string; port?: number }): string | undefined {
  if (error.address === undefined || error.port === undefined) return undefined;
  return error.address.includes(":") ? `[${error.address}]:${error.port}` : `${error.address}:${error.port}`;
}

function wrongHost(error: NodeError, target: string): SocketFailure {
  const names = (error.cert?.subjectaltname ?? "").replace(/(DNS|IP Address):/g, "");
  const carried = names === "" ? "it names no host" : `it is for ${names}`;
  return {
    kind: "certificate",
    reason: `the certificate of ${target} is refused: wrong host, ${carried}`,
    cause: error,
  };
}
