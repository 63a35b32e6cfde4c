import type { RequestBody } from "../core/body.ts";
import { HandlerError, InvalidOption, LocalProtocolError, WriteError } from "../core/errors.ts";
import type { Progress } from "./error-map.ts";

/** Bytes handed to the network at once. */
export const WRITE_SIZE = 64 * 1024;

/** RFC 9112 §6: a length where it is known, chunks else. */
export function framingOf(body: RequestBody): string {
  return body.length === undefined ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${body.length}\r\n`;
}

/** A large body goes out in pieces: so each piece taken shows that the network moves. */
export async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += WRITE_SIZE)
    yield bytes.subarray(start, start + WRITE_SIZE);
}

/**
 * A body's chunks, held to the length that was announced: the chunk that completes it goes on only when nothing follows
 * it. A server that got all it was promised would carry out a request that we call a failure.
 *
 * @throws LocalProtocolError when the body is longer or shorter
 */
export async function* heldTo(length: number, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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

function wrongLength(announced: number, found: string): Error {
  return new LocalProtocolError(
    "INVALID_REQUEST",
    `the body was announced as ${announced} bytes, but is ${found}`,
  );
}

/** The error of a call whose body could not be read to its end. */
export function bodyFailed(cause: unknown, progress: Progress): Error {
  const isOurs =
    cause instanceof LocalProtocolError || cause instanceof HandlerError || cause instanceof InvalidOption;
  if (isOurs) return cause;
  const reason = `the request's body could not be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new WriteError("WRITE_FAILED", reason, { ...progress, cause });
}
