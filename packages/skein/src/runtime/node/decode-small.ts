import type { Coding } from "./codings.ts";
import { corruptBody, cutShort, trailingBytes } from "./decoding-errors.ts";

/**
 * Up to this many bytes a body is decoded in one go, as long as it grows to no more than the other: that takes a
 * millisecond or two, less than the stream and its trips to another thread would.
 */
export const SMALL_INPUT = 64 * 1024;
const SMALL_OUTPUT = 1024 * 1024;

/**
 * A body that is in memory, decoded; undefined where it is not small.
 *
 * @throws DecodingError when it is cut, corrupt, or followed by other bytes
 */
export function decodeSmall(body: Uint8Array, codings: readonly Coding[]): Uint8Array | undefined {
  let bytes: Uint8Array | undefined = body;
  for (const coding of codings) {
    if (bytes === undefined || bytes.length > SMALL_INPUT) return undefined;
    // Nothing is a body without content, whatever its headers promise.
    if (bytes.length > 0) bytes = decodeOnce(bytes, coding);
  }
  return bytes;
}

function decodeOnce(bytes: Uint8Array, coding: Coding): Uint8Array | undefined {
  // Most text shrinks to less than a sixth; a block for each step of less would only be copied once more.
  const chunkSize = Math.min(Math.max(bytes.length * 6, 1_024), 256 * 1024);
  try {
    const decoded = coding.decode(bytes, { maxOutputLength: SMALL_OUTPUT, chunkSize });
    if (decoded === undefined) return undefined;
    if (decoded.consumed !== bytes.length) throw trailingBytes(coding.name);
    const check = coding.endCheck?.();
    check?.push(bytes);
    if (check?.isAtEnd === false) throw cutShort(coding.name);
    // A copy of its own, without the rest of zlib's block.
    return new Uint8Array(decoded.bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw corruptBody(coding.name, error, bytes);
  }
}
