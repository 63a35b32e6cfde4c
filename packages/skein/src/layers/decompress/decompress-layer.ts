import { DecodingError } from "../../core/errors.ts";
import type { Decompressor } from "../../core/ports.ts";
import type { Response } from "../../core/response.ts";
import type { Layer } from "../../core/service.ts";

/** No server stacks more; each further one multiplies what a few bytes can grow to. */
const MOST_CODINGS = 5;

/** Names that mean another's coding (RFC 9110 §8.4.1.3). */
const ALIASES: Readonly<Record<string, string>> = Object.assign(Object.create(null), { "x-gzip": "gzip" });

/**
 * Takes the content codings off a response's body. The headers stay as they were received: `content-encoding` tells
 * what was sent, and `content-length` how long that was. A coding that the runtime can't decode leaves the body as it
 * is; the field then tells which one.
 */
export function decompressLayer(decompressor: Decompressor): Layer {
  const decoded = (response: Response): Response => {
    const field = response.headers.get("content-encoding");
    if (field !== null && hasContent(response)) decode(response, field, decompressor);
    return response;
  };
  return inner => ({
    send: (request, context) => inner.send(request, context).then(decoded),
    close: () => inner.close(),
  });
}

function decode(response: Response, field: string, decompressor: Decompressor): void {
  const codings = parseCodings(field);
  if (codings.length > MOST_CODINGS) {
    const error = new DecodingError(
      "DECODING_FAILED",
      `the body has ${codings.length} content codings, and at most ${MOST_CODINGS} are decoded`,
      { phase: "body", requestSent: "full" },
    );
    response.body.cancel(error);
    throw error;
  }
  const isKnown = codings.every(coding => decompressor.accepts.includes(coding));
  if (isKnown && codings.length > 0) response.body = decompressor.decompress(response.body, codings);
}

/** The codings of a content-encoding field, in the order they were applied; `identity` is none. */
function parseCodings(field: string): string[] {
  return field
    .split(",")
    .map(token => token.trim().toLowerCase())
    .filter(token => token !== "" && token !== "identity")
    .map(token => ALIASES[token] ?? token);
}

/**
 * Whether there is something to decode. A part (206) of an encoded body is not: what a range cuts out makes no sense
 * by itself (RFC 9110 §14.4: ranges are of the encoded representation).
 */
function hasContent({ status, request, body }: Response): boolean {
  if (request.method === "HEAD" || status === 204 || status === 206 || status === 304) return false;
  return body.complete?.length !== 0;
}
