import type { BodyUse, RequestBody } from "../core/body.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import { isSkeinError, LocalProtocolError, type SkeinError, WriteError } from "../core/errors.ts";
import { messageOf } from "../core/message-of.ts";
import type { Progress } from "./error-map.ts";

/** Bytes handed to the network at once. */
const WRITE_SIZE = 64 * 1024;

/** RFC 9112 §6: a length where it is known, chunks else. */
export function framingOf(body: RequestBody): string {
  return body.length === undefined ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${body.length}\r\n`;
}

/**
 * The body: in one piece where it is small, else in pieces, so that each one taken shows that the network moves.
 *
 * @throws LocalProtocolError when the bytes are not as many as were announced: their memory may have been given away, or
 * have grown, since the request was made. The server would read the next request as the rest of this one, or the rest of
 * this one as a request.
 */
export function openBody(body: RequestBody, use: BodyUse): Uint8Array | AsyncIterable<Uint8Array> {
  const source = body.open(use);
  if (!(source instanceof Uint8Array))
    return body.length === undefined ? source : heldTo(body.length, source);
  if (source.length !== body.length) throw wrongLength(body.length, `${source.length}`);
  return source.length <= WRITE_SIZE ? source : heldTo(source.length, slices(source));
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += WRITE_SIZE)
    yield bytes.subarray(start, start + WRITE_SIZE);
}

/**
 * A body's chunks, held to the length that was announced: the chunk that completes it goes on only when nothing follows
 * it. A server that got all it was promised would carry out a request that we call a failure.
 *
 * @throws LocalProtocolError when the body is longer or shorter
 */
async function* heldTo(length: number, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let given = 0;
  let last: Uint8Array | undefined;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    given += chunk.length;
    if (given > length) throw wrongLength(length, `at least ${given}`);
    if (given < length) yield chunk;
    else last = chunk;
  }
  if (given < length) throw wrongLength(length, `${given}`);
  if (last !== undefined) yield last;
}

function wrongLength(announced: number | undefined, found: string): Error {
  return new LocalProtocolError(
    "INVALID_REQUEST",
    `the body was announced as ${announced} bytes, but is ${found}`,
  );
}

/** Errors of ours that tell of this very body; others may be those of another call, whose answer is sent on. */
const OWN_CODES: readonly ErrorCode[] = [
  "INVALID_REQUEST",
  "INVALID_OPTION",
  "BODY_NOT_REPLAYABLE",
  "HANDLER_FAILED",
];

/** The error of a call whose body could not be read to its end. */
export function bodyFailed(cause: unknown, progress: Progress): SkeinError {
  if (isSkeinError(cause) && OWN_CODES.includes(cause.code)) return cause;
  const reason = `the request's body could not be read: ${messageOf(cause)}`;
  return new WriteError("WRITE_FAILED", reason, { ...progress, cause });
}
