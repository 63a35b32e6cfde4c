import type { ErrorCode } from "../../core/error-codes.ts";
import {
  CloseError,
  ConnectError,
  ConnectTimeout,
  DnsError,
  type ErrorDetails,
  isSkeinError,
  NetworkError,
  ReadError,
  type SkeinError,
} from "../../core/errors.ts";

type ErrorType = new (code: ErrorCode, reason: string, details: ErrorDetails) => SkeinError;

/** What Node's fetch tells in the `code` of its cause. A page is told nothing, on purpose. */
const BY_CODE: Readonly<Record<string, readonly [ErrorType, ErrorCode]>> = {
  ECONNREFUSED: [ConnectError, "CONNECTION_REFUSED"],
  EHOSTUNREACH: [ConnectError, "HOST_UNREACHABLE"],
  ENETUNREACH: [ConnectError, "HOST_UNREACHABLE"],
  ENOTFOUND: [DnsError, "DNS_FAILED"],
  EAI_AGAIN: [DnsError, "DNS_FAILED"],
  UND_ERR_CONNECT_TIMEOUT: [ConnectTimeout, "CONNECT_TIMEOUT"],
  ECONNRESET: [ReadError, "CONNECTION_RESET"],
  EPIPE: [ReadError, "CONNECTION_RESET"],
  UND_ERR_SOCKET: [CloseError, "CONNECTION_CLOSED"],
};

/** Why a fetch failed, as far as the platform tells; an error of ours (a body's, say) comes back through it as it was. */
export function fetchFailure(thrown: unknown): SkeinError {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : undefined;
  if (isSkeinError(cause)) return cause;
  const code = cause !== undefined && "code" in cause ? String(cause.code) : "";
  const [type, ourCode] = BY_CODE[code] ?? [NetworkError, "FETCH_FAILED"];
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const reason =
    cause === undefined ? `the platform's fetch failed: ${said}` : `${said}: ${cause.message || code}`;
  const beforeSending = type === ConnectError || type === DnsError || type === ConnectTimeout;
  return new type(ourCode, reason, {
    cause: thrown,
    phase: beforeSending ? "connect" : "headers",
    requestSent: beforeSending ? "none" : "partial",
  });
}
