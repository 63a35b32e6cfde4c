import type { ItemDetail, JobFacts, OriginPage, Series, Snapshot } from "./protocol.ts";

/** What a report holds, as JSON in its element `#report`: the page shows it in the place of what a server would answer. */
export interface ReportData {
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly madeAt: number;
  readonly job: JobFacts;
  readonly snapshot: Snapshot;
  readonly series: Series;
  /** The busiest. */
  readonly origins: OriginPage;
  /** Some of the items: of those that failed the latest, and the slowest. */
  readonly items: readonly ItemDetail[];
  /** How many there are in all. */
  readonly itemCount: number;
}
