import { DecodingError } from "../../core/errors.ts";

/**
 * What node:zlib reports, as an error that tells what is wrong with the body. An error of ours stays as it is.
 *
 * @param start the first bytes of the body
 */
export function corruptBody(coding: string, cause: unknown, start: Uint8Array): DecodingError {
  if (cause instanceof DecodingError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  // The input ended before the coding did.
  if (code === "Z_BUF_ERROR") return cutShort(coding, cause);
  if (message !== "incorrect header check") return failure(coding, `it is corrupt (${message})`, cause);
  // Of a body that begins as gzip does, it is what follows the end that was taken for one more member.
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  return isGzip ? trailingBytes(coding, cause) : failure(coding, `it is not ${coding}`, cause);
}

export function cutShort(coding: string, cause?: unknown): DecodingError {
  return failure(coding, "it was cut short", cause);
}

/** The coding ended, and something else followed. */
export function trailingBytes(coding: string, cause?: unknown): DecodingError {
  return failure(coding, "other bytes follow its end", cause);
}

function failure(coding: string, reason: string, cause: unknown): DecodingError {
  return new DecodingError("DECODING_FAILED", `the body can't be decoded as ${coding}: ${reason}`, {
    cause,
    phase: "body",
    requestSent: "full",
  });
}
