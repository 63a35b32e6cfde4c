import { consumeMessages } from "../batch/consume.ts";
import type { ConsumeOptions, Consumption, Messages } from "../batch/consume-options.ts";
import type { Response } from "../core/response.ts";
import type { BatchRequest } from "./batch-request.ts";

/**
 * Consumes a message queue, given as any (async) iterable: a request for each message, as many at once as `concurrency` says.
 * A message is acknowledged (`ack`) after its answer was handled, and given back (`nack`) when it failed; none is acknowledged
 * that was not done. A message may be delivered twice, as of every queue: what `handle` does must bear that.
 *
 * It ends when the messages do, or after `drain()`, when what was taken is acknowledged or given back; `cancel()` stops what
 * runs as well. The options are those of a batch, and its own.
 *
 * @returns a promise of the summary, with `drain()` and `cancel(reason)`
 * @throws InvalidOption; (rejects with) HandlerError when `ack` or `nack` throws, and what the queue throws: after what was
 * taken has ended, for the queue delivers it again
 * @example
 * const consuming = consume(messages, message => ({ url: `/orders/${message.id}` }), {
 *   client,
 *   concurrency: 50,
 *   handle: task => publish(task.response.json()),
 *   ack: message => message.ack(),
 *   nack: (message, task) => message.nack({ requeue: task.retryable, delayMs: task.retryAfterMs }),
 * });
 * onShutdown(() => consuming.drain());
 * await consuming;
 */
export function consume<M, V = Response>(
  messages: Messages<M>,
  toRequest: (message: M) => string | URL | BatchRequest,
  options: ConsumeOptions<M, V, string | URL | BatchRequest>,
): Consumption {
  return consumeMessages(messages, toRequest, options);
}
