import type {
  ItemFilter,
  ItemPageRequest,
  JobSeries,
  JournalFigures,
  LoggedItemDetail,
  LoggedPage,
  OriginPage,
  OriginPageRequest,
  SeriesRequest,
} from "../journal/inspection/inspection-types.ts";
import type { Journal } from "../journal/journal.ts";
import { type JobReport, openRecordedJob } from "./recorded-job.ts";

/** A journal that is looked at for as long as it is open, also while a job writes it. It answers in a thread of its own. */
export class JobLog {
  /** As it was when it was opened. */
  readonly report: JobReport;
  readonly #journal: Journal;

  private constructor(report: JobReport, journal: Journal) {
    this.report = report;
    this.#journal = journal;
  }

  /**
   * @param output the job's output, or its journal
   * @throws JobError NO_JOURNAL, JOURNAL_CORRUPT
   */
  static async open(output: string): Promise<JobLog> {
    const { report, journal } = await openRecordedJob(output);
    return new JobLog(report, journal);
  }

  /** Whether a process writes it at this moment. */
  isWritten(): Promise<boolean> {
    return this.#journal.call("isWritten", undefined);
  }

  /** @param origins those to tell of, beside the busiest */
  figures(origins: readonly string[] = []): Promise<JournalFigures> {
    return this.#journal.call("figures", { origins });
  }

  origins(request: OriginPageRequest): Promise<OriginPage> {
    return this.#journal.call("origins", request);
  }

  series(request: SeriesRequest): Promise<JobSeries> {
    return this.#journal.call("series", request);
  }

  items(request: ItemPageRequest): Promise<LoggedPage> {
    return this.#journal.call("items", request);
  }

  countItems(filter: ItemFilter): Promise<{ readonly matching: number; readonly total: number }> {
    return this.#journal.call("countItems", filter);
  }

  item(number: number): Promise<LoggedItemDetail | undefined> {
    return this.#journal.call("item", { number });
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}
