import { Feed, type FeedBook } from "./feed.ts";
import { findsItems } from "./found-items.ts";
import { isRepeatable } from "./item-request.ts";
import { RecordedRows } from "./journal/recorded-rows.ts";
import type { OpenedJob } from "./open-job.ts";
import { isSafe, refreshedItem } from "./refresh-item.ts";
import { KnownLines } from "./source/known-list.ts";

const DEFAULT_MARK_AT_ONCE = 50;
/** Added items that are read at once. */
const ADDED_PAGE = 500;

/**
 * What brings the items of a job to its engine.
 *
 * @param flush brings all that has been written down to the journal
 */
export function makeFeed(
  { known, position, journal, options, blocks }: OpenedJob,
  book: FeedBook,
  flush: () => Promise<void>,
): Feed {
  const { source, concurrency } = options;
  // A stream is read from its start, past all that the journal knows of it.
  const from = source.seekable ? position : { offset: 0, line: 0 };
  const after = (line: number) => journal.call("added", { after: line, limit: ADDED_PAGE });
  return new Feed({
    blocks: blocks ?? source.blocks(from),
    from,
    known: new KnownLines(new RecordedRows(journal, from.line + 1, known.lastLine), source.name),
    book,
    isRepeatable: item => isRepeatable(item.request, options),
    added: findsItems(options) ? { after, flush } : undefined,
    refreshed: (item, row) => (isSafe(item.request, options) ? refreshedItem(item, row, options) : undefined),
    markAtOnce: typeof concurrency === "number" ? concurrency : DEFAULT_MARK_AT_ONCE,
  });
}
