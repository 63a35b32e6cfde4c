import { BatchRun } from "../batch/batch.ts";
import type { Batch, BatchOptions } from "../batch/batch-options.ts";
import { HandlerError, isSkeinError, type SkeinError } from "../core/errors.ts";
import type { Hooks } from "../core/hooks.ts";
import { type BatchRequest, buildItem } from "./batch-request.ts";
import type { ClientAccess } from "./client-access.ts";
import { completeError, type FailedCall } from "./complete-error.ts";
import { tellHook } from "./failed-call.ts";

/** A batch through a client's layers. */
export function openBatch<I, V, F>(
  client: ClientAccess,
  items: Iterable<I> | AsyncIterable<I>,
  options: BatchOptions<I, V, string | URL | BatchRequest, F>,
): Batch<I, V, F> {
  const { settings, transport } = client;
  const { clock, resources } = client.ports;
  const { limits, hooks } = settings;
  const batch: Batch<I, V> = new BatchRun(items, options, {
    clock,
    resources,
    room: () => transport.room,
    service: client.batchService(),
    build: (item, deadline) => buildItem(settings, item, { clock, deadline }),
    settings: settings.buffered,
    maxConnections: limits.maxConnections,
    maxConnectionsPerOrigin: limits.maxConnectionsPerOrigin,
    maxInFlightPerOrigin: limits.maxInFlightPerOrigin,
    complete: (thrown, call) => completeAttempt(thrown, call, hooks?.error),
  });
  // What tasks look like that a fallback has saved is known where their `F` is.
  return batch as unknown as Batch<I, V, F>;
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
