import { LocalProtocolError } from "../core/errors.ts";
import { messageOf } from "../core/message-of.ts";
import type { Request } from "../core/request.ts";
import { encodeFields, encodeRequestHead } from "../protocol/http1/request-writer.ts";
import { framingOf } from "./outgoing-body.ts";

/**
 * The head of a request as it goes over the wire. The fields of a client's default headers are checked and encoded once:
 * their wire form stays with them.
 *
 * @throws LocalProtocolError when it would not be HTTP
 */
export function headOf({ method, url, headers, body }: Request): string {
  try {
    headers.wire ??= { text: encodeFields(headers), hasHost: headers.has("host") };
    const host = headers.wire.hasHost ? "" : `Host: ${url.origin.host}\r\n`;
    const framing = body === undefined ? "" : framingOf(body);
    return encodeRequestHead(method, url.target, host + headers.wire.text + framing);
  } catch (cause) {
    const reason = `can't be sent: ${messageOf(cause)}`;
    throw new LocalProtocolError("INVALID_REQUEST", reason, { cause, requestSent: "none" });
  }
}
