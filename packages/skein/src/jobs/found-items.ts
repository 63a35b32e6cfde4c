import type { Response, SettledTask } from "../entry/node.ts";
import type { JobOptions } from "./job-options.ts";
import { taskOf } from "./sink/custom-rows.ts";
import type { FoundItems } from "./source/added-item.ts";
import type { DedupeMode } from "./source/deduped-source.ts";
import type { SourceItem } from "./source/source.ts";

/** Whether answers can lead to more items. */
export function findsItems({ add, threads }: Pick<JobOptions, "add" | "threads">): boolean {
  return add !== undefined || threads?.adds === true;
}

/** Which of the requests that answers lead to are the same; undefined where they lead to none. */
export function linkModeOf(options: Pick<JobOptions, "add" | "threads" | "dedupe">): DedupeMode | undefined {
  return findsItems(options) ? (options.dedupe ?? "url") : undefined;
}

/**
 * What the answer to an item leads to, as a program finds it; undefined where that is nothing.
 *
 * @throws what the program throws, and TypeError where it gives something else than items
 */
export function foundItems(
  add: NonNullable<JobOptions["add"]>,
  item: SourceItem,
  task: SettledTask<unknown, unknown>,
): FoundItems | undefined {
  const found: unknown = add(taskOf(item, task));
  if (!isIterable(found)) throw new TypeError(`add: expected an array of items; got ${kindOf(found)}`);
  const items = Array.from(found, itemText);
  if (items.length === 0) return undefined;
  const base = (task.response as Response | undefined)?.url ?? item.request.url;
  return { parent: item.line, depth: (item.depth ?? 0) + 1, base, items };
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function itemText(item: unknown): string {
  if (typeof item === "string" || (typeof item === "object" && item !== null)) return JSON.stringify(item);
  throw new TypeError(`add: expected URLs, or objects with a "url"; got ${kindOf(item)}`);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}
