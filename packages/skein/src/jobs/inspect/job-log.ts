import type {
  ItemFilter,
  ItemPageRequest,
  JobSeries,
  JournalFigures,
  LoggedItemDetail,
  LoggedPage,
  SeriesRequest,
} from "../journal/inspection/inspection-types.ts";
import { Journal } from "../journal/journal.ts";
import { type JobReport, readRecordedJob } from "./recorded-job.ts";

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
    const { report } = await readRecordedJob(output);
    const { journal: path, output: written, rejects } = report.paths;
    const journal = new Journal({ journal: path, output: written, rejects }, { readOnly: true });
    try {
      await journal.call("open", { fresh: false });
    } catch (error) {
      await journal.close();
      throw error;
    }
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
