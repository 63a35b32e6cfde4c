import type { SkeinError } from "../core/errors.ts";
import type { Timeouts } from "../core/request-context.ts";
import { headersTimeout, type Progress, readTimeout, unreadBody, writeTimeout } from "./error-map.ts";

/**
 * Whom an exchange waits for: the `network`, which takes no more for now; the `caller`, whose body is slow, or who reads
 * the answer slowly; a `reader` that has not come at all; the server's `head`, or more of its `body`.
 */
export type WaitsFor = "network" | "caller" | "reader" | "head" | "body";

/** For how long, in milliseconds; and for how long a body may wait for a reader. */
export interface Waited {
  /** Since the last byte came, or went where the request is still being sent. */
  readonly silent: number;
  /** Since the whole request was sent. */
  readonly sinceSent: number;
  readonly unreadBodyTimeout: number;
}

/** The timeout that has passed, as a function that makes its error; only the total timeout limits a slow caller. */
export function overdue(
  waitsFor: WaitsFor,
  { silent, sinceSent, unreadBodyTimeout }: Waited,
  { headers, read, write }: Timeouts,
): ((progress: Progress) => SkeinError) | undefined {
  switch (waitsFor) {
    case "network":
      return silent > write ? progress => writeTimeout(write, progress) : undefined;
    case "caller":
      return undefined;
    case "reader":
      return silent > unreadBodyTimeout ? () => unreadBody(unreadBodyTimeout) : undefined;
    case "head":
      if (sinceSent > headers) return progress => headersTimeout(headers, progress);
      return silent > read ? progress => readTimeout(read, progress) : undefined;
    case "body":
      return silent > read ? progress => readTimeout(read, progress) : undefined;
  }
}
