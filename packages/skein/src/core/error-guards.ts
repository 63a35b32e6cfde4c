import type {
  AbortError,
  AuthError,
  BodyNotReplayable,
  CertificateError,
  ChecksumError,
  CircuitOpen,
  ClientClosed,
  CloseError,
  ConnectError,
  ConnectTimeout,
  DecodingError,
  DnsError,
  FileError,
  HandlerError,
  HeadersTimeout,
  HTTPError,
  HTTPStatusError,
  InvalidOption,
  InvalidUrl,
  LocalProtocolError,
  LocalRateLimited,
  NetworkError,
  Overloaded,
  PoolFull,
  PoolTimeout,
  ProtocolError,
  ProxyError,
  ReadError,
  ReadTimeout,
  RedirectRefused,
  RemoteProtocolError,
  RequestError,
  ResponseTooLarge,
  RetryBudgetExhausted,
  SchemaError,
  StreamClosed,
  StreamConsumed,
  TimeoutError,
  TlsError,
  TooManyRedirects,
  TotalTimeout,
  TransportError,
  UnsupportedProtocol,
  WriteError,
  WriteTimeout,
} from "./errors.ts";
import { brandOf, type ErrorName } from "./errors.ts";
import type { Response } from "./response.ts";

/**
 * Whether a caught value is of a class of Skein's errors, or of one under it. Unlike `instanceof`, they also know the errors
 * of another installed copy, as a program has when two of its packages bring one each.
 *
 * ```ts
 * try {
 *   await client.get(url, { raiseForStatus: true });
 * } catch (error) {
 *   if (isTimeout(error)) return fromCache();
 *   if (isHTTPStatusError(error) && error.status === 404) return undefined;
 *   throw error;
 * }
 * ```
 */
type Guard<E> = (value: unknown) => value is E;

function guard<E>(name: ErrorName): Guard<E> {
  const brand = brandOf(name);
  return (value): value is E => typeof value === "object" && value !== null && brand in value;
}

/** Of the network, of an answer that can't be used, or of a status. */
export const isHTTPError: Guard<HTTPError> = /* @__PURE__ */ guard("HTTPError");
/** Of a call that has no answer which could be used: everything under HTTPError but a refused status. */
export const isRequestError: Guard<RequestError> = /* @__PURE__ */ guard("RequestError");
/** Of the network or of the peer's HTTP. */
export const isTransportError: Guard<TransportError> = /* @__PURE__ */ guard("TransportError");
/** Of any of the timeouts. */
export const isTimeout: Guard<TimeoutError> = /* @__PURE__ */ guard("TimeoutError");
export const isConnectTimeout: Guard<ConnectTimeout> = /* @__PURE__ */ guard("ConnectTimeout");
export const isReadTimeout: Guard<ReadTimeout> = /* @__PURE__ */ guard("ReadTimeout");
export const isWriteTimeout: Guard<WriteTimeout> = /* @__PURE__ */ guard("WriteTimeout");
export const isPoolTimeout: Guard<PoolTimeout> = /* @__PURE__ */ guard("PoolTimeout");
export const isHeadersTimeout: Guard<HeadersTimeout> = /* @__PURE__ */ guard("HeadersTimeout");
export const isTotalTimeout: Guard<TotalTimeout> = /* @__PURE__ */ guard("TotalTimeout");
/** Of a connection that could not be made, or broke. */
export const isNetworkError: Guard<NetworkError> = /* @__PURE__ */ guard("NetworkError");
export const isConnectError: Guard<ConnectError> = /* @__PURE__ */ guard("ConnectError");
export const isDnsError: Guard<DnsError> = /* @__PURE__ */ guard("DnsError");
export const isTlsError: Guard<TlsError> = /* @__PURE__ */ guard("TlsError");
export const isCertificateError: Guard<CertificateError> = /* @__PURE__ */ guard("CertificateError");
export const isReadError: Guard<ReadError> = /* @__PURE__ */ guard("ReadError");
export const isWriteError: Guard<WriteError> = /* @__PURE__ */ guard("WriteError");
export const isCloseError: Guard<CloseError> = /* @__PURE__ */ guard("CloseError");
export const isProtocolError: Guard<ProtocolError> = /* @__PURE__ */ guard("ProtocolError");
export const isLocalProtocolError: Guard<LocalProtocolError> = /* @__PURE__ */ guard("LocalProtocolError");
export const isRemoteProtocolError: Guard<RemoteProtocolError> = /* @__PURE__ */ guard("RemoteProtocolError");
/** Of a proxy that can't be used, or does not do what it is asked to: `error.status` is its answer, where it gave one. */
export const isProxyError: Guard<ProxyError> = /* @__PURE__ */ guard("ProxyError");
export const isUnsupportedProtocol: Guard<UnsupportedProtocol> = /* @__PURE__ */ guard("UnsupportedProtocol");
export const isPoolFull: Guard<PoolFull> = /* @__PURE__ */ guard("PoolFull");
export const isCircuitOpen: Guard<CircuitOpen> = /* @__PURE__ */ guard("CircuitOpen");
export const isLocalRateLimited: Guard<LocalRateLimited> = /* @__PURE__ */ guard("LocalRateLimited");
export const isOverloaded: Guard<Overloaded> = /* @__PURE__ */ guard("Overloaded");
export const isRetryBudgetExhausted: Guard<RetryBudgetExhausted> =
  /* @__PURE__ */ guard("RetryBudgetExhausted");
export const isDecodingError: Guard<DecodingError> = /* @__PURE__ */ guard("DecodingError");
export const isTooManyRedirects: Guard<TooManyRedirects> = /* @__PURE__ */ guard("TooManyRedirects");
export const isRedirectRefused: Guard<RedirectRefused> = /* @__PURE__ */ guard("RedirectRefused");
export const isResponseTooLarge: Guard<ResponseTooLarge> = /* @__PURE__ */ guard("ResponseTooLarge");
export const isAuthError: Guard<AuthError> = /* @__PURE__ */ guard("AuthError");
/** Of a status that the caller does not accept: `error.response` is the answer. */
export const isHTTPStatusError: Guard<HTTPStatusError<Response>> = /* @__PURE__ */ guard("HTTPStatusError");
export const isSchemaError: Guard<SchemaError> = /* @__PURE__ */ guard("SchemaError");
export const isFileError: Guard<FileError> = /* @__PURE__ */ guard("FileError");
export const isChecksumError: Guard<ChecksumError> = /* @__PURE__ */ guard("ChecksumError");
export const isHandlerError: Guard<HandlerError> = /* @__PURE__ */ guard("HandlerError");
/** Of a call that was cancelled: by its signal, by `cancel()`, or with the group that it belonged to. */
export const isAborted: Guard<AbortError> = /* @__PURE__ */ guard("AbortError");
export const isInvalidUrl: Guard<InvalidUrl> = /* @__PURE__ */ guard("InvalidUrl");
export const isInvalidOption: Guard<InvalidOption> = /* @__PURE__ */ guard("InvalidOption");
export const isStreamConsumed: Guard<StreamConsumed> = /* @__PURE__ */ guard("StreamConsumed");
export const isStreamClosed: Guard<StreamClosed> = /* @__PURE__ */ guard("StreamClosed");
export const isBodyNotReplayable: Guard<BodyNotReplayable> = /* @__PURE__ */ guard("BodyNotReplayable");
export const isClientClosed: Guard<ClientClosed> = /* @__PURE__ */ guard("ClientClosed");
