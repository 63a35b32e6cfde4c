import { DatabaseSync } from "node:sqlite";
import { fileError } from "./file-errors.ts";
import { FigureCounter } from "./inspection/figures.ts";
import type {
  InspectionOperations,
  ItemFilter,
  ItemPageRequest,
  JobSeries,
  JournalFigures,
  LoggedItemDetail,
  LoggedPage,
  OriginPage,
  OriginPageRequest,
  SeriesRequest,
} from "./inspection/inspection-types.ts";
import { countItems, itemDetail, itemPage } from "./inspection/item-queries.ts";
import { jobSeries } from "./inspection/series.ts";
import { isHeld, lockPath } from "./journal-lock.ts";
import {
  type JournalOperations,
  type JournalPaths,
  NOTHING_RECORDED,
  type OpenedJournal,
  type Validators,
} from "./journal-protocol.ts";
import { listItems, listValidators, readJournal } from "./journal-reading.ts";
import {
  checkJournal,
  checkWhole,
  corruptJournal,
  isNewJournal,
  isOld,
  readAsPresent,
} from "./journal-schema.ts";

/** A process that begins or ends to write holds readers up for a moment. */
const BUSY_MS = 5_000;

/** Answers what can be known of a journal without writing to it, also while a job writes; it takes no lock of the job's. */
export class JournalReader
  implements
    Pick<JournalOperations, "open" | "isWritten" | "list" | "validators" | "close">,
    InspectionOperations
{
  readonly #path: string;
  #database: DatabaseSync | undefined;
  #figures: FigureCounter | undefined;

  constructor({ journal }: Pick<JournalPaths, "journal">) {
    this.#path = journal;
  }

  /** @throws JobError JOURNAL_CORRUPT, FILE_FAILED */
  open(): OpenedJournal {
    return this.#attempt(() => {
      this.#database = new DatabaseSync(this.#path, { readOnly: true });
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      checkJournal(this.#database, this.#path);
      if (isOld(this.#database)) readAsPresent(this.#database);
      // A process that was killed before it had written anything leaves one without tables.
      return isNewJournal(this.#database) ? NOTHING_RECORDED : readJournal(this.#database);
    });
  }

  check(): void {
    this.#attempt(() => checkWhole(this.#opened, this.#path));
  }

  isWritten(): boolean {
    return this.#attempt(() => isHeld(lockPath(this.#path)));
  }

  list({ fromLine, limit }: { fromLine: number; limit: number }): Float64Array {
    return this.#attempt(() => listItems(this.#opened, fromLine, limit));
  }

  validators(range: { fromLine: number; toLine: number }): ReadonlyMap<number, Validators> {
    return this.#attempt(() => listValidators(this.#opened, range));
  }

  figures({ origins }: { readonly origins: readonly string[] }): JournalFigures {
    return this.#attempt(() => this.#counter.read(origins));
  }

  origins(request: OriginPageRequest): OriginPage {
    return this.#attempt(() => this.#counter.origins(request));
  }

  series(request: SeriesRequest): JobSeries {
    return this.#attempt(() => jobSeries(this.#opened, request));
  }

  items(request: ItemPageRequest): LoggedPage {
    return this.#attempt(() => itemPage(this.#opened, request));
  }

  countItems(filter: ItemFilter): { readonly matching: number; readonly total: number } {
    return this.#attempt(() => countItems(this.#opened, filter));
  }

  item({ number }: { readonly number: number }): LoggedItemDetail | undefined {
    return this.#attempt(() => itemDetail(this.#opened, number));
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  get #counter(): FigureCounter {
    this.#figures ??= new FigureCounter(this.#opened);
    return this.#figures;
  }

  get #opened(): DatabaseSync {
    if (this.#database === undefined) throw corruptJournal(this.#path, "is not open");
    return this.#database;
  }

  #attempt<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw fileError(error, `reading the journal ${this.#path}`, this.#path);
    }
  }
}
