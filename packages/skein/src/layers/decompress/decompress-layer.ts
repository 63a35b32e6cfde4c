import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import { DecodingError, TotalTimeout } from "../../core/errors.ts";
import type { IncomingBody } from "../../core/incoming-body.ts";
import type { Decompressor } from "../../core/ports.ts";
import type { RequestContext } from "../../core/request-context.ts";
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
export function decompressLayer(decompressor: Decompressor, clock: Clock): Layer {
  const decoded = (response: Response, context: RequestContext): Response => {
    const field = response.headers.get("content-encoding");
    if (field === null || response.isDecoded || !hasContent(response)) return response;
    const received = response.body;
    decode(response, field, decompressor);
    if (response.body !== received) {
      received.whenSettled(failure => failure === undefined && hold(response.body, context, clock));
    }
    return response;
  };
  return inner => ({
    send: (request, context) => inner.send(request, context).then(response => decoded(response, context)),
    close: () => inner.close(),
  });
}

/**
 * All has come, and the connection has let go of the call; but a few bytes can grow to many, and take their time. So until
 * they are decoded, the call is cancelled here, and its total timeout kept.
 */
function hold(body: IncomingBody, context: RequestContext, clock: Clock): void {
  const cancel = (reason: unknown) => body.cancel(reason);
  context.onCancel = cancel;
  const left = context.streaming ? Number.POSITIVE_INFINITY : context.deadline - clock.now();
  const timer =
    left === Number.POSITIVE_INFINITY
      ? undefined
      : clock.setTimer(() => body.cancel(tooLate(context.timeouts.total)), Math.max(0, left));
  body.whenSettled(() => {
    timer?.cancel();
    if (context.onCancel === cancel) context.onCancel = undefined;
  });
}

function tooLate(ms: number): TotalTimeout {
  const reason = `not finished within ${formatDuration(ms)}, as its body took long to decode`;
  return new TotalTimeout("TOTAL_TIMEOUT", reason, { phase: "body", requestSent: "full" });
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
