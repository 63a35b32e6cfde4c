import type { RequestSent } from "../core/errors.ts";
import type { Headers } from "../core/headers.ts";
import { redactHeader } from "../core/redact-header.ts";
import { redactUrl } from "../core/redact-url.ts";
import type { Request } from "../core/request.ts";
import type { ResponseHead } from "../core/response.ts";
import type { TraceEventName, TraceInfo, WireName } from "../core/trace.ts";

/** What may be told of a request that is being sent. */
export function requestInfo({ method, url, headers }: Request, peer: string | undefined): TraceInfo {
  return { method, url: redactUrl(url.href), headers: shown(headers), peer };
}

/** What may be told of the head of a response. */
export function headInfo({ status, reasonPhrase, httpVersion, headers }: ResponseHead): TraceInfo {
  return { status, reasonPhrase, httpVersion, headers: shown(headers) };
}

/** The step that a failure has ended. */
export function failedStep(wire: WireName, sent: RequestSent, hasHead: boolean): TraceEventName {
  if (hasHead) return `${wire}.receive_response_body.failed`;
  if (sent === "full") return `${wire}.receive_response_headers.failed`;
  return `${wire}.send_request_${sent === "partial" ? "body" : "headers"}.failed`;
}

function shown(headers: Headers): readonly (readonly [string, string])[] {
  return Array.from(headers, ([name, value]) => [name, redactHeader(name, value)]);
}
