/**
 * Every error of Skein, in one tree (the names are HTTPX's):
 *
 * SkeinError
 * ├─ HTTPError
 * │  ├─ RequestError
 * │  │  ├─ TransportError
 * │  │  │  ├─ TimeoutError: ConnectTimeout ReadTimeout WriteTimeout PoolTimeout HeadersTimeout TotalTimeout
 * │  │  │  ├─ NetworkError: ConnectError (DnsError, TlsError › CertificateError) ReadError WriteError CloseError
 * │  │  │  ├─ ProtocolError: LocalProtocolError RemoteProtocolError
 * │  │  │  └─ ProxyError (.status)   UnsupportedProtocol
 * │  │  ├─ held back by this client: PoolFull (limits.maxWaiting) CircuitOpen LocalRateLimited Overloaded RetryBudgetExhausted
 * │  │  └─ DecodingError   TooManyRedirects   RedirectRefused   ResponseTooLarge   AuthError
 * │  └─ HTTPStatusError (.response, .status, .retryAfterMs)
 * ├─ FileError: a file of this machine   ChecksumError: a download that is not what was expected
 * ├─ AbortError (name "AbortError", cause = the reason given)
 * ├─ SchemaError (.issues): JSON that is not what the schema says
 * ├─ GroupError (.errors): several calls or tasks failed   TooManyErrors: more of a batch's than maxErrors
 * └─ used wrongly: InvalidUrl InvalidOption StreamConsumed StreamClosed BodyNotReplayable ClientClosed GroupClosed BatchClosed
 *
 * A floor that meets a failure says what it knows (`code`, `reason`, `phase`, what was sent). The client, which
 * knows the call, completes the one-line message and takes the stack of the caller (client/complete-error.ts).
 */

import type {
  ConnectErrorCode,
  ErrorCode,
  NetworkErrorCode,
  ReadErrorCode,
  RequestErrorCode,
  TimeoutCode,
  TransportErrorCode,
} from "./error-codes.ts";
import { messageOf } from "./message-of.ts";
import { ownOptions } from "./own-options.ts";
import type { SchemaIssue } from "./standard-schema.ts";
import type { Timings } from "./timings.ts";

/** How far the call had come. */
export type Phase =
  | "queue"
  | "dns"
  | "connect"
  | "proxy"
  | "tls"
  | "send"
  | "headers"
  | "body"
  | "status"
  | "redirect";

/** How much of the request had been handed to the network: `none` means that nothing can have been processed. */
export type RequestSent = "none" | "partial" | "full";

/** One try of a call, as errors and tasks list it. */
export interface Attempt {
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  readonly status?: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** Whether a kept-alive connection carried it. */
  readonly reused?: boolean;
  /** Bytes of the decoded body. */
  readonly bytes?: number;
}

export interface ErrorDetails {
  readonly cause?: unknown;
  readonly phase?: Phase | undefined;
  readonly requestSent?: RequestSent | undefined;
  /** The address that was spoken to, `10.0.0.7:443`. */
  readonly peer?: string | undefined;
}

/** What marks the errors of a class and of those under it, in whichever installed copy they were made. */
export function brandOf(name: ErrorName): symbol {
  return Symbol.for(`skein.error.${name}`);
}

/** Whether `value` is an error of Skein's, also one of another installed copy; those of `error-guards.ts` ask for a class. */
export function isSkeinError(value: unknown): value is SkeinError {
  return typeof value === "object" && value !== null && brandOf("SkeinError") in value;
}

/** The root of the tree. `reason` is what failed; `message` is the whole line, with the request and the attempts. */
export class SkeinError extends Error {
  readonly code: ErrorCode;
  reason: string;
  phase: Phase | undefined;
  requestSent: RequestSent | undefined;
  readonly peer: string | undefined;
  /** Method and redacted URL of the call that failed. */
  request: { readonly method: string; readonly url: string } | undefined;
  /** Every try of every hop, oldest first; the last one ended with this error. */
  attempts: readonly Attempt[] = [];
  /** How long each phase of the last attempt took; undefined where nothing was sent over a connection of ours. */
  timings: Timings | undefined;
  /** How long the server asked to wait, when it did. */
  retryAfterMs: number | undefined;
  /** Whether the same call may succeed when it is made again later. */
  retryable = false;
  /** What else failed in the TaskGroup that this failure ended. */
  declare suppressed?: readonly unknown[];

  constructor(code: ErrorCode, reason: string, details: ErrorDetails = {}) {
    const { cause, phase, requestSent, peer } = ownOptions(details);
    super(reason, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
    this.phase = phase;
    this.requestSent = requestSent;
    this.peer = peer;
  }

  /** What a log or a journal keeps: no stack, no body, nothing secret. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, phase, requestSent, request, attempts, timings, retryable, retryAfterMs } =
      this;
    return { name, code, message, phase, requestSent, request, attempts, timings, retryable, retryAfterMs };
  }
}

/** An answer, or the lack of one, is the failure. */
export class HTTPError extends SkeinError {
  declare readonly code: RequestErrorCode | "HTTP_STATUS";
}
/** There is no answer that could be used. */
export class RequestError extends HTTPError {
  declare readonly code: RequestErrorCode;
}
/** The network, or the peer's HTTP. */
export class TransportError extends RequestError {
  declare readonly code: TransportErrorCode;
}

export class TimeoutError extends TransportError {
  declare readonly code: TimeoutCode;
}
export class ConnectTimeout extends TimeoutError {
  declare readonly code: "CONNECT_TIMEOUT";
}
export class ReadTimeout extends TimeoutError {
  declare readonly code: "READ_TIMEOUT";
}
export class WriteTimeout extends TimeoutError {
  declare readonly code: "WRITE_TIMEOUT";
}
export class PoolTimeout extends TimeoutError {
  declare readonly code: "POOL_TIMEOUT";
}
export class HeadersTimeout extends TimeoutError {
  declare readonly code: "HEADERS_TIMEOUT";
}
export class TotalTimeout extends TimeoutError {
  declare readonly code: "TOTAL_TIMEOUT";
}

export class NetworkError extends TransportError {
  declare readonly code: NetworkErrorCode;
}
export class ConnectError extends NetworkError {
  declare readonly code: ConnectErrorCode;
}
export class DnsError extends ConnectError {
  declare readonly code: "DNS_FAILED";
}
export class TlsError extends ConnectError {
  declare readonly code: "TLS_FAILED" | "CERTIFICATE_INVALID";
}
export class CertificateError extends TlsError {
  declare readonly code: "CERTIFICATE_INVALID";
}
export class ReadError extends NetworkError {
  declare readonly code: ReadErrorCode;
}
export class WriteError extends NetworkError {
  declare readonly code: "WRITE_FAILED";
}
export class CloseError extends NetworkError {
  declare readonly code: "CONNECTION_CLOSED";
}

export class ProtocolError extends TransportError {
  declare readonly code: "INVALID_REQUEST" | "INVALID_RESPONSE";
}
/** What we were asked to send is not HTTP: a header with a line break, a method with a space. */
export class LocalProtocolError extends ProtocolError {
  declare readonly code: "INVALID_REQUEST";
}
/** What the server sent is not HTTP, or contradicts itself. */
export class RemoteProtocolError extends ProtocolError {
  declare readonly code: "INVALID_RESPONSE";
}
/** A proxy does not do what it is asked to (PROXY_REFUSED), or can't at the moment (PROXY_FAILED). */
export class ProxyError extends TransportError {
  declare readonly code: "PROXY_FAILED" | "PROXY_REFUSED";
  /** With which it answered, where it speaks HTTP and did. */
  status: number | undefined;
}
export class UnsupportedProtocol extends TransportError {
  declare readonly code: "UNSUPPORTED_PROTOCOL";
}

/** No connection was free, and as many calls waited for one as `limits.maxWaiting` allows. */
export class PoolFull extends RequestError {
  declare readonly code: "POOL_FULL";
}

/** A circuit breaker left the origin alone: `retryAfterMs` says for how long it will. Nothing was sent. */
export class CircuitOpen extends RequestError {
  declare readonly code: "CIRCUIT_OPEN";
}

/** A limit of this client's own was reached, and the call could not, or should not, wait. Nothing was sent. */
export class LocalRateLimited extends RequestError {
  declare readonly code: "LOCAL_RATE_LIMITED";
}

/** More is asked of the origin than it can take now: the call would wait too long, or be refused there. Nothing was sent. */
export class Overloaded extends RequestError {
  declare readonly code: "OVERLOADED";
}

/** So much has failed that nothing more is tried again for now; `cause` is what this call's last attempt ended with. */
export class RetryBudgetExhausted extends RequestError {
  declare readonly code: "RETRY_BUDGET_EXHAUSTED";
}

/** The body can't be decoded: a corrupt or truncated coding, or text that is not the JSON it was read as. */
export class DecodingError extends RequestError {
  declare readonly code: "DECODING_FAILED" | "INVALID_JSON";
}
export class TooManyRedirects extends RequestError {
  declare readonly code: "TOO_MANY_REDIRECTS";
}
/** A redirect to where we do not go by default: another scheme, from https to http. */
export class RedirectRefused extends RequestError {
  declare readonly code: "REDIRECT_REFUSED";
}
/** A limit on the response was reached: its body, its head, its number of fields. */
export class ResponseTooLarge extends RequestError {
  declare readonly code: "RESPONSE_TOO_LARGE";
}

/** No credentials could be got for the call: they were refused, or who gives them can't be reached. */
export class AuthError extends RequestError {
  declare readonly code: "AUTH_FAILED" | "AUTH_UNAVAILABLE";
}

/** The call was cancelled: by its signal, by `cancel()`, or with the group that it belonged to. */
export class AbortError extends SkeinError {
  declare readonly code: "ABORTED";

  constructor(reason: unknown, details: ErrorDetails = {}) {
    const text = reason instanceof Error || typeof reason === "string" ? messageOf(reason) : "";
    super("ABORTED", text ? `cancelled: ${text}` : "cancelled", { ...details, cause: reason });
  }
}

export class InvalidUrl extends SkeinError {
  declare readonly code: "INVALID_URL";

  constructor(reason: string) {
    super("INVALID_URL", reason);
  }
}

export class InvalidOption extends SkeinError {
  declare readonly code: "INVALID_OPTION";

  constructor(reason: string) {
    super("INVALID_OPTION", reason);
  }
}

export class StreamConsumed extends SkeinError {
  declare readonly code: "STREAM_CONSUMED";

  constructor(reason: string) {
    super("STREAM_CONSUMED", reason);
  }
}

export class StreamClosed extends SkeinError {
  declare readonly code: "STREAM_CLOSED";

  constructor(reason: string) {
    super("STREAM_CLOSED", reason);
  }
}

/** The body was a stream that has been read: it can't be sent a second time. */
export class BodyNotReplayable extends SkeinError {
  declare readonly code: "BODY_NOT_REPLAYABLE";

  constructor(reason: string) {
    super("BODY_NOT_REPLAYABLE", reason);
  }
}

export class ClientClosed extends SkeinError {
  declare readonly code: "CLIENT_CLOSED";

  constructor(reason = "the client is closed") {
    super("CLIENT_CLOSED", reason, { phase: "queue", requestSent: "none" });
  }
}

/** What an HTTPStatusError keeps of its response; the client's `Response` is one. */
export interface StatusCarrier {
  readonly status: number;
  readonly reasonPhrase: string;
}

/** A status that the caller does not accept. The response is whole: `error.response.json()` works. */
export class HTTPStatusError<R extends StatusCarrier = StatusCarrier> extends HTTPError {
  declare readonly code: "HTTP_STATUS";
  readonly response: R;
  readonly status: number;

  constructor(response: R, reason: string) {
    super("HTTP_STATUS", reason, { phase: "status", requestSent: "full" });
    this.response = response;
    this.status = response.status;
    Object.defineProperty(this, "response", ownOptions({ enumerable: false }));
  }
}

/** The body is JSON, but not what the schema says it should be. */
export class SchemaError extends SkeinError {
  declare readonly code: "SCHEMA_MISMATCH";
  readonly issues: readonly SchemaIssue[];

  constructor(issues: readonly SchemaIssue[]) {
    const [first] = issues;
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
    super(
      "SCHEMA_MISMATCH",
      `the body does not fit the schema: ${first === undefined ? "" : describeIssue(first)}${more}`,
    );
    this.issues = issues;
  }
}

function describeIssue({ path = [], message }: SchemaIssue): string {
  const keys = path.map(step => (typeof step === "object" ? step.key : step));
  return keys.length === 0 ? message : `${keys.map(String).join(".")}: ${message}`;
}

/** A file of this machine can't be read or written: a body's, a download's. */
export class FileError extends SkeinError {
  declare readonly code: "FILE_FAILED";

  constructor(reason: string, cause?: unknown) {
    super("FILE_FAILED", reason, { cause });
  }
}

/** What was downloaded is not what the caller expected; nothing of it was kept. */
export class ChecksumError extends SkeinError {
  declare readonly code: "CHECKSUM_MISMATCH";

  constructor(reason: string) {
    super("CHECKSUM_MISMATCH", reason, { phase: "body", requestSent: "full" });
  }
}

/** A function that the caller gave (`request`, `parse`, `accept`) threw; its error is the `cause`. */
export class HandlerError extends SkeinError {
  declare readonly code: "HANDLER_FAILED";

  constructor(what: string, cause: unknown) {
    super("HANDLER_FAILED", `${what} threw: ${messageOf(cause)}`, { cause });
  }
}

// Names live on the prototypes: an error carries only what is its own, and a minifier can't rename them.
const NAMED = {
  SkeinError,
  HTTPError,
  RequestError,
  TransportError,
  TimeoutError,
  ConnectTimeout,
  ReadTimeout,
  WriteTimeout,
  PoolTimeout,
  HeadersTimeout,
  TotalTimeout,
  NetworkError,
  ConnectError,
  DnsError,
  TlsError,
  CertificateError,
  ReadError,
  WriteError,
  CloseError,
  ProtocolError,
  LocalProtocolError,
  RemoteProtocolError,
  ProxyError,
  UnsupportedProtocol,
  PoolFull,
  CircuitOpen,
  LocalRateLimited,
  Overloaded,
  RetryBudgetExhausted,
  DecodingError,
  TooManyRedirects,
  RedirectRefused,
  ResponseTooLarge,
  AuthError,
  HTTPStatusError,
  SchemaError,
  FileError,
  ChecksumError,
  HandlerError,
  AbortError,
  InvalidUrl,
  InvalidOption,
  StreamConsumed,
  StreamClosed,
  BodyNotReplayable,
  ClientClosed,
};
/** The errors of groups stand in batch/group-error.ts: a page that has no groups does not load them. */
export type ErrorName = keyof typeof NAMED | "GroupError" | "GroupClosed" | "TooManyErrors" | "BatchClosed";

for (const [name, type] of Object.entries(NAMED)) {
  Object.defineProperty(type.prototype, "name", { value: name, writable: true, configurable: true });
  Object.defineProperty(type.prototype, brandOf(name as ErrorName), { value: true });
}
