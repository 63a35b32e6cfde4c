import type { SkeinError } from "./errors.ts";
import type { Request } from "./request.ts";
import type { CallEvents } from "./request-context.ts";
import type { Response } from "./response.ts";

/**
 * Functions that are called as calls go by; each may be async, and is waited for. One that throws fails the call.
 *
 * @example
 * const client = new Client({ hooks: { request: request => request.with({ headers: request.headers.with("X-Trace", id()) }) } });
 */
export interface Hooks extends CallEvents {
  /** Once a call, before anything is sent; what it returns is sent in the place of the request. */
  request?(request: Request): Request | void | Promise<Request | void>;
  /** The final response: read, unless it streams; what it returns takes its place. */
  response?(response: Response): Response | void | Promise<Response | void>;
  /**
   * The error of a call that failed for good, once a call, before `fallback` is asked: also a refused status where
   * `raiseForStatus` makes it an error. What it returns is thrown in its place. In a batch: of an attempt that failed.
   */
  error?(error: SkeinError): Error | void | Promise<Error | void>;
}

/** The names, for those who check options. */
export const HOOK_NAMES = ["request", "response", "error", "retry", "redirect"] as const;
