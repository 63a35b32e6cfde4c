import { isSkeinError, type SkeinError } from "../core/errors.ts";
import type { BatchBase } from "./batch-base.ts";
import type { BatchOptions } from "./batch-options.ts";
import { checkPriority } from "./batch-settings.ts";
import { callNow, handlerError } from "./handlers.ts";
import type { TaskRecord } from "./task-record.ts";

/** Gives a task its request and its rank; returns why that can't be. */
export function prepareTask<I, V, R>(
  task: TaskRecord<I>,
  { request, priority, deadline, perDomain }: BatchOptions<I, V, R, unknown>,
  base: BatchBase<R>,
): SkeinError | undefined {
  const item =
    request === undefined ? (task.input as unknown as R) : callNow("request", () => request(task.input));
  if (isSkeinError(item)) return item;
  const rank = priority === undefined ? 0 : callNow("priority", () => checkPriority(priority(task.input)));
  if (isSkeinError(rank)) return rank;
  task.priority = rank;
  try {
    task.take(base.build(item, deadline), base.clock.now());
  } catch (thrown) {
    return handlerError("request", thrown);
  }
  if (perDomain === undefined) return undefined;
  const { hostname } = task.request!.url.origin;
  const domain = callNow("perDomain.domainOf", () => perDomain.domainOf(hostname));
  if (isSkeinError(domain)) return domain;
  task.domain = domain;
  return undefined;
}
