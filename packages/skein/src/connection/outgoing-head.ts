import { LocalProtocolError } from "../core/errors.ts";
import { messageOf } from "../core/message-of.ts";
import type { ProxyHop } from "../core/proxy-options.ts";
import type { Request } from "../core/request.ts";
import { encodeFields, encodeRequestHead } from "../protocol/http1/request-writer.ts";
import { framingOf } from "./outgoing-body.ts";

/**
 * The head of a request as it goes over the wire. The fields of a client's default headers are checked and encoded once:
 * their wire form stays with them.
 *
 * @throws LocalProtocolError when it would not be HTTP
 */
export function headOf(request: Request, proxy?: ProxyHop): string {
  const { method, url, headers, body } = request;
  try {
    if (proxy !== undefined) checkForProxy(request, proxy);
    headers.wire ??= { text: encodeFields(headers), hasHost: headers.has("host") };
    const host = headers.wire.hasHost ? "" : `Host: ${url.origin.host}\r\n`;
    const framing = body === undefined ? "" : framingOf(body);
    const fields = host + headers.wire.text + framing;
    if (!proxy?.forwards) return encodeRequestHead(method, url.target, fields);
    // RFC 9112 §3.2.2: a proxy is told the whole URL.
    return encodeRequestHead(method, url.origin.key + url.target, fields + proxy.fields);
  } catch (cause) {
    const reason = `can't be sent: ${messageOf(cause)}`;
    throw new LocalProtocolError("INVALID_REQUEST", reason, { cause, requestSent: "none" });
  }
}

/** What was given for a proxy goes to that one alone: in a request's own fields it would reach the server behind it. */
export function checkForProxy({ method, headers }: Request, proxy: ProxyHop): void {
  if (headers.has("proxy-authorization"))
    throw new Error("proxy-authorization is for the proxy alone: give it as proxy: { url, auth }");
  if (method === "CONNECT" && proxy.forwards)
    throw new Error(`the proxy ${proxy.name} forwards requests of http URLs: no tunnel leads through it`);
}
