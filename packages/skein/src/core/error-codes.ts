/** The codes of a call that took too long, one a class. */
export type TimeoutCode =
  | "CONNECT_TIMEOUT"
  | "READ_TIMEOUT"
  | "WRITE_TIMEOUT"
  | "POOL_TIMEOUT"
  | "HEADERS_TIMEOUT"
  | "TOTAL_TIMEOUT";

/** There is no connection. */
export type ConnectErrorCode =
  | "CONNECTION_REFUSED"
  | "CONNECTION_RESET"
  | "HOST_UNREACHABLE"
  | "ADDRESS_BLOCKED"
  | "CONNECT_FAILED"
  | "TOO_MANY_OPEN_FILES"
  | "DNS_FAILED"
  | "TLS_FAILED"
  | "CERTIFICATE_INVALID";

/** The connection ended while an answer was waited for, or in the middle of it. */
export type ReadErrorCode = "CONNECTION_RESET" | "BODY_CUT";

export type NetworkErrorCode =
  | ConnectErrorCode
  | ReadErrorCode
  | "CONNECTION_CLOSED"
  | "WRITE_FAILED"
  | "FETCH_FAILED";

export type TransportErrorCode =
  | TimeoutCode
  | NetworkErrorCode
  | "PROXY_FAILED"
  | "PROXY_REFUSED"
  | "INVALID_REQUEST"
  | "INVALID_RESPONSE"
  | "UNSUPPORTED_PROTOCOL";

/** Why a request has no answer that could be used. */
export type RequestErrorCode =
  | TransportErrorCode
  | "POOL_FULL"
  | "CIRCUIT_OPEN"
  | "LOCAL_RATE_LIMITED"
  | "OVERLOADED"
  | "ROBOTS_DISALLOWED"
  | "RETRY_BUDGET_EXHAUSTED"
  | "DECODING_FAILED"
  | "INVALID_JSON"
  | "TOO_MANY_REDIRECTS"
  | "REDIRECT_REFUSED"
  | "RESPONSE_TOO_LARGE"
  | "AUTH_FAILED"
  | "AUTH_UNAVAILABLE";

/** What went wrong, as one literal: a `switch` over it narrows, and it is stable across versions. */
export type ErrorCode =
  | RequestErrorCode
  | "HTTP_STATUS"
  | "SCHEMA_MISMATCH"
  | "CHECKSUM_MISMATCH"
  | "FILE_FAILED"
  | "HANDLER_FAILED"
  | "ABORTED"
  | "GROUP_FAILED"
  | "GROUP_CLOSED"
  | "TOO_MANY_ERRORS"
  | "BATCH_CLOSED"
  | "INVALID_URL"
  | "INVALID_OPTION"
  | "STREAM_CONSUMED"
  | "STREAM_CLOSED"
  | "BODY_NOT_REPLAYABLE"
  | "CLIENT_CLOSED";
