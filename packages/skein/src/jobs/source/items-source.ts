import { parseLine, urlItem } from "./parse-line.ts";
import type { JobRequest, Source, SourceLine } from "./source.ts";

/** An item as a program gives it: a URL, or a request with what is to be known of it. */
export type JobItem = string | JobItemFields;

export interface JobItemFields extends JobRequest {
  /** What the row calls it. Default: its number. */
  readonly id?: string | number;
  /** The content, as JSON; in the place of `body`. */
  readonly json?: unknown;
  /** Anything that JSON can hold; it comes back in the row. */
  readonly meta?: unknown;
}

const BLOCK = 500;

/**
 * Items of a program: an array, a generator, whatever can be iterated over.
 *
 * A job of them is resumed by giving the same items in the same order again: those that the journal has are compared and
 * skipped, and new ones come at the end. What is no request is rejected, as a line of a list is.
 *
 * @param name for messages and the journal
 * @example
 * const job = await Job.open({ source: itemsSource(readOrders()), output: "orders.jsonl", client });
 */
export function itemsSource(items: Iterable<JobItem> | AsyncIterable<JobItem>, name = "<items>"): Source {
  return {
    name,
    seekable: false,
    blocks: () => (Symbol.asyncIterator in items ? oneByOne(items) : inBlocks(items)),
    count: async () => (Array.isArray(items) ? items.length : undefined),
    fingerprint: async () => undefined,
  };
}

/** An item that has come must not wait for the next. */
async function* oneByOne(items: AsyncIterable<JobItem>): AsyncGenerator<readonly SourceLine[]> {
  let line = 0;
  for await (const item of items) yield [itemLine(item, ++line)];
}

async function* inBlocks(items: Iterable<JobItem>): AsyncGenerator<readonly SourceLine[]> {
  let line = 0;
  let block: SourceLine[] = [];
  for (const item of items) {
    block.push(itemLine(item, ++line));
    if (block.length < BLOCK) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}

/** What an item of a program means; a rejected line where it is no request. */
export function itemLine(item: JobItem, line: number): SourceLine {
  const place = { line, nextOffset: line };
  if (typeof item === "string") return urlItem(item.trim(), place);
  // Checked, and understood, as a line of a list is.
  return parseLine(JSON.stringify(item), place) ?? urlItem("", place);
}
