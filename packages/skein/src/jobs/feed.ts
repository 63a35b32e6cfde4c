import { Chain } from "../core/chain.ts";
import { ItemState } from "./journal/journal-protocol.ts";
import type { RecordedRow } from "./journal/recorded-rows.ts";
import { type AddedItem, addedLine } from "./source/added-item.ts";
import type { KnownLines } from "./source/known-list.ts";
import { PendingItem } from "./source/pending-item.ts";
import type { RejectedLine, SourceItem, SourceLine, SourcePosition } from "./source/source.ts";

export interface FeedOptions {
  readonly blocks: AsyncIterable<readonly SourceLine[]>;
  readonly from: SourcePosition;
  readonly known: KnownLines;
  readonly book: FeedBook;
  isRepeatable(item: SourceItem): boolean;
  /** What answers lead to; undefined where they lead to nothing. */
  readonly added: AddedItems | undefined;
  /** The item, as a refresh asks for it; undefined where it does not. */
  refreshed(item: SourceItem, row: RecordedRow): SourceItem | undefined;
  /** How many items that are not safe to repeat are marked as about to be sent at once. */
  readonly markAtOnce: number;
}

/** The items that answers led to, as the journal knows them. */
export interface AddedItems {
  /** Those after a line that have not ended: some, or none where there are none. */
  after(line: number): Promise<readonly AddedItem[]>;
  /** Resolves when the journal knows of all that have ended, and of what they led to. */
  flush(): Promise<void>;
}

/** Where the feed writes down what does not go to the client. */
export interface FeedBook {
  /** An item of the list is about to be given out. */
  listed(item: SourceItem): void;
  reject(line: RejectedLine): void;
  /** An earlier run was killed while the item may have been on its way. */
  unknown(item: SourceItem): void;
  /** Of a refresh: it is not asked for again, and stays as it was. */
  keep(item: SourceItem, row: RecordedRow): void;
  /** Writes down that the items are about to be sent; resolves when it is on the disk. */
  mark(items: readonly PendingItem[]): Promise<void>;
  /** Undefined when more can be written down at once. */
  room(): Promise<void> | undefined;
}

/** Brings the pending items of a list to the client, in its order, as fast as they are asked for; then those that answers led to. */
export class Feed implements AsyncIterable<PendingItem> {
  /** Read, and not ended, in the order of the list; whoever ends an item deletes it here. */
  readonly pending = new Chain<PendingItem>();
  /** The list has been read to its end, and no answer can lead to more. */
  ended = false;
  /** Why it could not be. */
  failure: { readonly error: unknown } | undefined;
  readonly #options: FeedOptions;
  #readTo: SourcePosition;
  #stopped = false;
  #hasNews = false;
  #wake: (() => void) | undefined;

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
    this.addedMore();
  }

  /** Whether it has given out all that there is, and more may come. */
  get isHungry(): boolean {
    return this.#wake !== undefined;
  }

  /** The journal may know of added items that it did not know of. */
  addedMore(): void {
    this.#hasNews = true;
    this.#wake?.();
  }

  hasEnded(item: PendingItem): void {
    this.pending.delete(item);
    if (this.pending.size === 0) this.addedMore();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PendingItem> {
    const { blocks, known, added } = this.#options;
    try {
      for await (const block of blocks) {
        yield* this.#marked(await this.#admit(block));
        if (this.#stopped) return;
      }
      await known.end();
      if (added !== undefined) yield* this.#addedItems(added);
      this.ended = !this.#stopped;
    } catch (error) {
      // Told by the job, once what is in flight has ended: thrown here, it would end the batch.
      this.failure = { error };
    }
  }

  /** What answers led to, until none is left that could lead to more. */
  async *#addedItems(added: AddedItems): AsyncGenerator<PendingItem> {
    // The journal leaves out what the list has: it has to know all of that.
    await added.flush();
    for (let line = 0; !this.#stopped; ) {
      const isLast = this.pending.size === 0;
      if (isLast) await added.flush();
      this.#hasNews = false;
      const page = await added.after(line);
      line = page.at(-1)?.line ?? line;
      if (page.length > 0) yield* this.#marked(await this.#admitAdded(page));
      else if (isLast) return;
      else await this.#news();
    }
  }

  async #admitAdded(page: readonly AddedItem[]): Promise<PendingItem[]> {
    const { book } = this.#options;
    const items: PendingItem[] = [];
    for (const added of page) {
      const line = addedLine(added);
      if (line.kind === "rejected") book.reject(line);
      else if (added.state === ItemState.sent) book.unknown(line);
      else items.push(this.#add(line));
    }
    await book.room();
    return items;
  }

  async #news(): Promise<void> {
    if (this.#hasNews) return;
    await new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  /** Gives items out, those that need it once they are marked. */
  async *#marked(items: readonly PendingItem[]): AsyncGenerator<PendingItem> {
    for (let i = 0; i < items.length && !this.#stopped; i++) {
      if (!items[i]!.isMarked && !this.#options.isRepeatable(items[i]!.item)) await this.#mark(items, i);
      if (!this.#stopped) yield items[i]!;
    }
  }

  /** Which of the lines are to be sent; the others are written down here. */
  async #admit(block: readonly SourceLine[]): Promise<PendingItem[]> {
    const { known, book } = this.#options;
    const items: PendingItem[] = [];
    for (const line of block) {
      const row = known.reachesTo(line.line) ? await known.rowOf(line) : undefined;
      const item = this.#itemOf(line, row);
      if (item !== undefined && row === undefined) book.listed(item);
      if (item !== undefined) items.push(this.#add(item));
      else if (row === undefined) book.reject(line as RejectedLine);
      else if (row.isDue) book.keep(line as SourceItem, row);
      else if (row.state === ItemState.sent) book.unknown(line as SourceItem);
      this.#readTo = { offset: line.nextOffset, line: line.line };
    }
    await book.room();
    return items;
  }

  /** Undefined where nothing is to be sent. */
  #itemOf(line: SourceLine, row: RecordedRow | undefined): SourceItem | undefined {
    if (line.kind !== "item" || row === undefined) return line.kind === "item" ? line : undefined;
    return row.isDue ? this.#options.refreshed(line, row) : undefined;
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
