import { DecodingError } from "../../core/errors.ts";

/** What node:zlib reports, as an error that tells what is wrong with the body. An error of ours stays as it is. */
export function corruptBody(coding: string, cause: unknown): DecodingError {
  if (cause instanceof DecodingError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  // Z_BUF_ERROR: the input ended before the coding did.
  return code === "Z_BUF_ERROR"
    ? cutShort(coding, cause)
    : failure(coding, `it is corrupt (${message})`, cause);
}

export function cutShort(coding: string, cause?: unknown): DecodingError {
  return failure(coding, "it was cut short", cause);
}

/** The coding ended, and something else followed. */
export function trailingBytes(coding: string): DecodingError {
  return failure(coding, "other bytes follow its end", undefined);
}

function failure(coding: string, reason: string, cause: unknown): DecodingError {
  return new DecodingError("DECODING_FAILED", `the body can't be decoded as ${coding}: ${reason}`, {
    cause,
    phase: "body",
    requestSent: "full",
  });
}
