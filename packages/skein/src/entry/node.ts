/** Skein on Node, Bun and Deno: the public exports of `skein`. */

import { BaseClient } from "../client/client.ts";
import type { ClientOptions } from "../client/options.ts";
import { Pool } from "../pool/pool.ts";
import { nodePorts } from "../runtime/node/node-ports.ts";
import { VERSION } from "./version.ts";

/**
 * An HTTP client: keeps connections, retries what is safe to repeat, follows redirects, decodes bodies. Make one and
 * share it.
 *
 * @throws InvalidOption when an option is unknown or makes no sense
 * @example
 * const client = new Client({ timeout: "10s" });
 * const user = await client.get("https://api.example.com/users/1").json();
 * await client.close();
 */
export class Client extends BaseClient {
  constructor(options: ClientOptions = {}) {
    const ports = nodePorts(options.tls);
    super(options, {
      ports,
      transport: settings => new Pool(settings.limits, ports),
      userAgent: `skein/${VERSION}`,
    });
  }
}

export type { Batch, BatchOptions, BatchProgress } from "../batch/batch-options.ts";
export { gather } from "../batch/gather.ts";
export type {
  CancelledBy,
  CancelledTask,
  FailedTask,
  FailureKind,
  SettledTask,
  SucceededTask,
  TaskState,
  TaskTimings,
} from "../batch/task.ts";
export type { BodyOptions, Content, RequestOptions } from "../client/build-request.ts";
export type { BatchRequest } from "../client/client.ts";
export type {
  ClientOptions,
  LimitOptions,
  RedirectOptions,
  RetryOptions,
  TimeoutOptions,
} from "../client/options.ts";
export type { Params } from "../client/params.ts";
export { ResponsePromise } from "../client/response-promise.ts";
export { StreamResponse } from "../client/stream-response.ts";
export { type Duration, formatDuration, parseDuration } from "../core/duration.ts";
export * from "../core/errors.ts";
export { Headers, type HeadersInit } from "../core/headers.ts";
export type { TlsOptions } from "../core/ports.ts";
export { Request } from "../core/request.ts";
export { Response } from "../core/response.ts";
export { VERSION } from "./version.ts";
