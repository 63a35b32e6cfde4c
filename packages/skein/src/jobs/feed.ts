import { ItemState } from "./journal/journal-protocol.ts";
import type { KnownLines } from "./source/known-list.ts";
import { PendingItem, PendingItems } from "./source/pending-items.ts";
import type { RejectedLine, SourceItem, SourceLine, SourcePosition } from "./source/source.ts";

export interface FeedOptions {
  readonly blocks: AsyncIterable<readonly SourceLine[]>;
  readonly from: SourcePosition;
  readonly known: KnownLines;
  readonly book: FeedBook;
  isRepeatable(item: SourceItem): boolean;
  /** How many items that are not safe to repeat are marked as about to be sent at once. */
  readonly markAtOnce: number;
}

/** Where the feed writes down what does not go to the client. */
export interface FeedBook {
  reject(line: RejectedLine): void;
  /** An earlier run was killed while the item may have been on its way. */
  unknown(item: SourceItem): void;
  /** Writes down that the items are about to be sent; resolves when it is on the disk. */
  mark(items: readonly PendingItem[]): Promise<void>;
  /** Undefined when more can be written down at once. */
  room(): Promise<void> | undefined;
}

/** Brings the pending items of a list to the client, in its order, as fast as they are asked for. */
export class Feed implements AsyncIterable<PendingItem> {
  /** Read, and not ended; whoever ends an item deletes it here. */
  readonly pending = new PendingItems();
  /** The list has been read to its end. */
  ended = false;
  /** Why it could not be. */
  failure: { readonly error: unknown } | undefined;
  readonly #options: FeedOptions;
  #readTo: SourcePosition;
  #stopped = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#readTo = options.from;
  }

  /** Everything before it has ended. */
  get position(): SourcePosition {
    return this.pending.first?.from ?? this.#readTo;
  }

  /** Gives out nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PendingItem> {
    const { blocks, known } = this.#options;
    try {
      for await (const block of blocks) {
        const items = await this.#admit(block);
        for (let i = 0; i < items.length && !this.#stopped; i++) {
          if (!items[i]!.isMarked && !this.#options.isRepeatable(items[i]!.item)) await this.#mark(items, i);
          if (!this.#stopped) yield items[i]!;
        }
        if (this.#stopped) return;
      }
      await known.end();
      this.ended = true;
    } catch (error) {
      // Told by the job, once what is in flight has ended: thrown here, it would end the batch.
      this.failure = { error };
    }
  }

  /** Which of the lines are to be sent; the others are written down here. */
  async #admit(block: readonly SourceLine[]): Promise<PendingItem[]> {
    const { known, book } = this.#options;
    const items: PendingItem[] = [];
    for (const line of block) {
      const state = known.reachesTo(line.line) ? await known.stateOf(line) : undefined;
      if (state === undefined && line.kind === "item") items.push(this.#add(line));
      else if (state === undefined) book.reject(line as RejectedLine);
      else if (state === ItemState.sent) book.unknown(line as SourceItem);
      this.#readTo = { offset: line.nextOffset, line: line.line };
    }
    await book.room();
    return items;
  }

  #add(item: SourceItem): PendingItem {
    const pending = new PendingItem(item, this.#readTo);
    this.pending.add(pending);
    return pending;
  }

  /**
   * Marks some items that are not safe to repeat, with one write. No more of them than go out at once, since each one
   * marked and not sent when the process is killed ends as unknown.
   */
  async #mark(items: readonly PendingItem[], from: number): Promise<void> {
    const { isRepeatable, markAtOnce, book } = this.#options;
    const group = items.slice(from, from + markAtOnce).filter(({ item }) => !isRepeatable(item));
    for (const item of group) item.isMarked = true;
    await book.mark(group);
  }
}
