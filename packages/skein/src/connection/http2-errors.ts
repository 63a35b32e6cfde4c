import {
  CloseError,
  ReadError,
  RemoteProtocolError,
  ResponseTooLarge,
  type SkeinError,
  UnsupportedProtocol,
} from "../core/errors.ts";
import type { Socket } from "../core/ports.ts";
import type { Origin } from "../core/url.ts";
import { errorCodeName, type Http2Violation } from "../protocol/http2/error-codes.ts";
import type { Progress } from "./error-map.ts";

/** The server broke a rule of HTTP/2 (RFC 9113). */
export function http2Violation(
  { code, reason }: Pick<Http2Violation, "code" | "reason">,
  progress: Progress,
): SkeinError {
  const detail = `not valid HTTP/2 from the server: ${reason} (${code})`;
  return new RemoteProtocolError("INVALID_RESPONSE", detail, progress);
}

/** The server ended the stream (RST_STREAM, RFC 9113 §6.4). */
export function streamReset(code: number, progress: Progress): SkeinError {
  const name = errorCodeName(code);
  const reason = `the server reset the stream (${name})`;
  if (progress.phase === "body")
    return new ReadError("BODY_CUT", `${reason} in the middle of the body`, progress);
  return new ReadError("CONNECTION_RESET", reason, progress);
}

/** The server never looked at the request (RFC 9113 §8.7): it may be sent again, whatever it was. */
export function refusedStream(reason: string, progress: Progress): SkeinError {
  return new CloseError("CONNECTION_CLOSED", reason, { ...progress, requestSent: "none" });
}

/** The connection ended under a stream. */
export function connectionEnded(reason: string, progress: Progress): SkeinError {
  if (progress.phase === "body")
    return new ReadError("BODY_CUT", `${reason} in the middle of the body`, progress);
  return new CloseError("CONNECTION_CLOSED", `${reason} without an answer`, progress);
}

export function headTooLarge(reason: string, progress: Progress): SkeinError {
  return new ResponseTooLarge("RESPONSE_TOO_LARGE", reason, progress);
}

/** The stream ended before all that was announced had come. */
export function cutShort(received: number, announced: number, progress: Progress): SkeinError {
  const reason = `the server ended the answer after ${received} of ${announced} bytes`;
  return new ReadError("BODY_CUT", reason, progress);
}

/** RFC 9113 §8.6: there is no upgrade, and a tunnel is a stream among others. */
/** Whether a connection just made is one of HTTP/2: by the server's word, or because nothing else is spoken. */
export function speaksHttp2({ alpn, proxy }: Socket, { scheme }: Origin, onlyHttp2: boolean): boolean {
  return alpn === "h2" || (onlyHttp2 && scheme === "http" && proxy === undefined);
}

/** The option `http1` is false, and the server, or the proxy before it, has nothing else. */
export function noHttp2({ key }: Origin): SkeinError {
  const reason = `${key} does not speak HTTP/2, and \`http1\` is false`;
  return new UnsupportedProtocol("UNSUPPORTED_PROTOCOL", reason, { phase: "connect", requestSent: "none" });
}

export function onlyHttp1(): SkeinError {
  const reason =
    "this server speaks HTTP/2, over which nothing is upgraded or tunnelled; use a client without http2";
  return new UnsupportedProtocol("UNSUPPORTED_PROTOCOL", reason, { phase: "send", requestSent: "none" });
}
