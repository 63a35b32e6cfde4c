import type { Fault } from "./violation.ts";

/**
 * Where the body of an answer ends: there is none, after a known length, with the last chunk, or with the connection; or
 * the connection is no HTTP any more behind the head.
 */
export type BodyFraming = "none" | "tunnel" | "sized" | "chunked" | "until-close";

/** Why it can't be told. */
export type FramingFault = "both-fields" | "chunked-in-http-1.0";

/** What the status line says that matters here. */
export interface StatusFacts {
  readonly status: number;
  readonly minorVersion: 0 | 1;
}

/** What the fields say that matters here. */
export interface LengthFacts {
  /** -1: no such field. */
  readonly contentLength: number;
  readonly chunked: boolean;
}

/**
 * RFC 9112 §6.3, its steps in its order, for the answer to a request of ours, behind what is refused whatever the
 * method and the status. Each field by itself was checked when it was read: a content-length is one number, a
 * transfer-encoding is `chunked` and nothing else.
 */
export function bodyFraming(
  method: string,
  { status, minorVersion }: StatusFacts,
  { contentLength, chunked }: LengthFacts,
): BodyFraming | FramingFault {
  // §6.3 step 3 allows to refuse both: one of the two is there to deceive somebody on the way.
  if (chunked && contentLength >= 0) return "both-fields";
  // §6.1: "MUST treat the message as if the framing is faulty".
  if (chunked && minorVersion === 0) return "chunked-in-http-1.0";

  // 1. HEAD, 1xx, 204 and 304 end with their head, whatever the fields say.
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  // 2. After a 2xx to CONNECT follows a tunnel, and no body.
  if (method === "CONNECT" && status < 300) return "tunnel";
  // 3. Both fields: refused above.
  // 4. Chunked; any other transfer-encoding was refused when it was read.
  if (chunked) return "chunked";
  // 5. A content-length that is no number was refused when it was read.
  // 6. A valid one.
  if (contentLength >= 0) return "sized";
  // 7. is about requests.
  // 8. Neither field: the body ends with the connection.
  return "until-close";
}

export const FRAMING_FAULTS: Readonly<Record<FramingFault, Fault>> = {
  "both-fields": {
    code: "transfer-encoding",
    detail: "the answer has both a content-length and a transfer-encoding",
  },
  "chunked-in-http-1.0": {
    code: "transfer-encoding",
    detail: "the answer is HTTP/1.0, which has no transfer-encoding",
  },
};
