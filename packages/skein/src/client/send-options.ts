import type { OfTheCall } from "./batch-request.ts";
import type { BodilessOptions } from "./build-request.ts";
import type { CallOptions } from "./call-options.ts";
import type { CallCredentials } from "./credentials.ts";
import type { ProgressOptions } from "./progress-options.ts";
import type { BodyOptions } from "./request-body.ts";

/** What may be said of a request that will be sent later. */
export type BuildOptions = Omit<BodilessOptions, OfTheCall> & BodyOptions;

/** What may be said of a request that is built already. */
export interface SendOptions
  extends CallOptions,
    CallCredentials,
    ProgressOptions,
    Pick<BodilessOptions, "signal" | "deadline" | "fallback"> {
  /** Return as soon as the head is there, with the body to be read by iterating. */
  stream?: boolean;
}
