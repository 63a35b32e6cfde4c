import { JobError } from "../job-error.ts";
import type { Source, SourceLine } from "./source.ts";

type Blocks = AsyncIterator<readonly SourceLine[]>;

/** The blocks of a source, of which the first has been read: so an empty or unreadable list is known before a file is made. */
export class PeekedBlocks implements AsyncIterableIterator<readonly SourceLine[]> {
  readonly #blocks: Blocks;
  #first: IteratorResult<readonly SourceLine[]> | undefined;

  private constructor(blocks: Blocks, first: IteratorResult<readonly SourceLine[]>) {
    this.#blocks = blocks;
    this.#first = first;
  }

  /** @throws JobError when the list can't be read, or holds nothing */
  static async open(source: Source): Promise<PeekedBlocks> {
    const blocks = source.blocks({ offset: 0, line: 0 })[Symbol.asyncIterator]();
    const first = await blocks.next();
    if (!first.done) return new PeekedBlocks(blocks, first);
    throw new JobError("EMPTY_LIST", `the list ${source.name} is empty: it holds no URL`, {
      path: source.name,
    });
  }

  async next(): Promise<IteratorResult<readonly SourceLine[]>> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.#blocks.next();
  }

  async return(): Promise<IteratorResult<readonly SourceLine[]>> {
    await this.#blocks.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
