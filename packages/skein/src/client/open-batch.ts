import { BatchRun } from "../batch/batch.ts";
import type { Batch, BatchOptions } from "../batch/batch-options.ts";
import { HandlerError, isSkeinError, type SkeinError } from "../core/errors.ts";
import type { Hooks } from "../core/hooks.ts";
import { type BatchRequest, buildItem } from "./batch-request.ts";
import type { ClientAccess } from "./client-access.ts";
import { completeError, type FailedCall } from "./complete-error.ts";
import { tellHook } from "./failed-call.ts";

/** A batch through a client's layers. */
export function openBatch<I, V>(
  client: ClientAccess,
  items: Iterable<I> | AsyncIterable<I>,
  options: BatchOptions<I, V, string | URL | BatchRequest>,
): Batch<I, V> {
  const { settings, clock } = client;
  const { limits, hooks } = settings;
  return new BatchRun(items, options, {
    clock,
    service: client.batchService(),
    build: item => buildItem(settings, item, clock),
    settings: settings.buffered,
    maxConnections: limits.maxConnections,
    maxConnectionsPerOrigin: limits.maxConnectionsPerOrigin,
    maxInFlightPerOrigin: limits.maxInFlightPerOrigin,
    complete: (thrown, call) => completeAttempt(thrown, call, hooks?.error),
  });
}

/** As `completeError`, for an attempt of a batch: the hook is told, and what it returns is the error of the attempt. */
function completeAttempt(
  thrown: unknown,
  call: FailedCall,
  hook: Hooks["error"],
): SkeinError | Promise<SkeinError> {
  const completed = completeError(thrown, call);
  if (hook === undefined) return completed;
  return tellHook(hook, completed, call).then(error =>
    isSkeinError(error) ? error : new HandlerError("hooks.error", error),
  );
}
