import { formatDuration } from "../core/duration.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import {
  CertificateError,
  CloseError,
  ConnectError,
  ConnectTimeout,
  DnsError,
  HeadersTimeout,
  type Phase,
  ProxyError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  type RequestSent,
  ResponseTooLarge,
  type SkeinError,
  StreamClosed,
  TlsError,
  TotalTimeout,
  WriteTimeout,
} from "../core/errors.ts";
import type { SocketFailure } from "../core/ports.ts";
import type { Violation } from "../protocol/http1/response-reader.ts";

/** What is known of an exchange at the moment it fails. */
export interface Progress {
  readonly phase: Phase;
  readonly requestSent: RequestSent;
  readonly peer: string | undefined;
}

type ConnectErrorType = new (code: ErrorCode, reason: string, details: object) => SkeinError;

const CONNECT_FAILURES: Readonly<
  Record<SocketFailure["kind"], readonly [ConnectErrorType, ErrorCode, Phase]>
> = {
  refused: [ConnectError, "CONNECTION_REFUSED", "connect"],
  unreachable: [ConnectError, "HOST_UNREACHABLE", "connect"],
  dns: [DnsError, "DNS_FAILED", "dns"],
  tls: [TlsError, "TLS_FAILED", "tls"],
  certificate: [CertificateError, "CERTIFICATE_INVALID", "tls"],
  proxy: [ProxyError, "PROXY_FAILED", "proxy"],
  "proxy-refused": [ProxyError, "PROXY_REFUSED", "proxy"],
  blocked: [ConnectError, "ADDRESS_BLOCKED", "connect"],
  reset: [ConnectError, "CONNECTION_RESET", "connect"],
  files: [ConnectError, "TOO_MANY_OPEN_FILES", "connect"],
  other: [ConnectError, "CONNECT_FAILED", "connect"],
};

/** A connection that never came to be: nothing was sent. */
export function connectError(failure: SocketFailure): SkeinError {
  const [type, code, phase] = CONNECT_FAILURES[failure.kind];
  const error = new type(code, failure.reason, { cause: failure.cause, phase, requestSent: "none" });
  if (error instanceof ProxyError) error.status = failure.status;
  return error;
}

export function connectTimeout(ms: number): SkeinError {
  const reason = `no connection within ${formatDuration(ms)}${unitHint(ms)}`;
  return new ConnectTimeout("CONNECT_TIMEOUT", reason, { phase: "connect", requestSent: "none" });
}

/** A proxy that should forward the request wants to know first who asks. */
export function proxyAuthRequired(proxy: string, progress: Progress): SkeinError {
  const reason = `the proxy ${proxy} refuses the request: 407, it asks for credentials`;
  const error = new ProxyError("PROXY_REFUSED", reason, { ...progress, phase: "proxy" });
  error.status = 407;
  return error;
}

/** The socket ended with an error of the runtime's, under an exchange. */
export function socketError(failure: SocketFailure, progress: Progress): SkeinError {
  const code = failure.kind === "tls" ? "TLS_FAILED" : "CONNECTION_RESET";
  const type = failure.kind === "tls" ? TlsError : ReadError;
  return new type(code, `${failure.reason}${where(progress)}`, { ...progress, cause: failure.cause });
}

/** What the server sent (or left out) breaks HTTP/1.1. */
export function violationError(violation: Violation, progress: Progress): SkeinError {
  switch (violation.code) {
    case "closed":
      return new CloseError(
        "CONNECTION_CLOSED",
        "the server closed the connection without an answer",
        progress,
      );
    case "cut-head":
    case "cut-body":
      return new ReadError(
        "BODY_CUT",
        `the server closed the connection in the middle of the answer: ${violation.detail}`,
        progress,
      );
    case "head-too-large":
    case "too-many-fields":
    case "trailers-too-large":
    case "too-many-interim":
      return new ResponseTooLarge("RESPONSE_TOO_LARGE", violation.detail, progress);
    default:
      return new RemoteProtocolError(
        "INVALID_RESPONSE",
        `not valid HTTP from the server: ${violation.detail}`,
        progress,
      );
  }
}

export function readTimeout(ms: number, progress: Progress): SkeinError {
  return new ReadTimeout(
    "READ_TIMEOUT",
    `no byte from the server for ${formatDuration(ms)}${unitHint(ms)}`,
    progress,
  );
}

export function headersTimeout(ms: number, progress: Progress): SkeinError {
  return new HeadersTimeout(
    "HEADERS_TIMEOUT",
    `no answer's head within ${formatDuration(ms)}${unitHint(ms)}`,
    progress,
  );
}

export function writeTimeout(ms: number, progress: Progress): SkeinError {
  const reason = `the server took no byte of the request for ${formatDuration(ms)}${unitHint(ms)}`;
  return new WriteTimeout("WRITE_TIMEOUT", reason, progress);
}

export function totalTimeout(ms: number, progress: Progress): SkeinError {
  return new TotalTimeout(
    "TOTAL_TIMEOUT",
    `not finished within ${formatDuration(ms)}${unitHint(ms)}`,
    progress,
  );
}

/** Nobody reads the body: its connection is needed for those who do. */
export function unreadBody(ms: number): SkeinError {
  return new StreamClosed(
    `nobody began to read the body within ${formatDuration(ms)}, so its connection was closed; read it, or close() what you don't read`,
  );
}

/** Other clients count timeouts in seconds: one who writes `timeout: 10` may mean those. A fraction was left of something. */
function unitHint(ms: number): string {
  return ms < 100 && Number.isInteger(ms) ? ` (${ms} is milliseconds; did you mean "${ms}s"?)` : "";
}

function where(progress: Progress): string {
  if (progress.phase === "body") return " in the middle of the body";
  return progress.requestSent === "full" ? " before an answer" : " while the request was being sent";
}
