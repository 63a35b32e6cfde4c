// What can be asked of a journal by those who look at its job; all times as in docs/journal.md, durations in milliseconds.

export type EndedState = "succeeded" | "failed" | "unknown" | "rejected";

/** How many items ended how, over all runs. */
export interface JournalFigures {
  readonly succeeded: number;
  readonly failed: number;
  readonly unknown: number;
  readonly rejected: number;
  /** Attempts, and bytes of bodies, of the items that have ended. */
  readonly attempts: number;
  readonly bytes: number;
  /** The most frequent first. */
  readonly statuses: readonly { readonly status: number; readonly count: number }[];
  readonly errors: readonly ErrorFigure[];
  /** Of the origins with the most items, and of those that were asked for. */
  readonly origins: readonly OriginFigure[];
  readonly slowest: readonly OriginFigure[];
  readonly originCount: number;
  readonly isComplete: boolean;
  /** When the first run began, and the last one; null where nobody knows. */
  readonly startedAt: number | null;
  readonly runStartedAt: number | null;
  readonly runMs: number | null;
  /** Of attempts in all runs. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** What the job did in its last seconds: attempts, bytes and items that ended, a second. */
  readonly recent: { readonly requests: number; readonly bytes: number; readonly items: number };
}

export interface ErrorFigure {
  readonly code: string;
  /** Where a status was refused. */
  readonly status: number | null;
  readonly count: number;
  readonly message: string;
  /** Numbers of the latest of these items. */
  readonly samples: readonly number[];
}

export interface OriginFigure {
  readonly origin: string;
  readonly done: number;
  readonly failed: number;
  readonly p50: number | null;
  readonly p95: number | null;
}

/** `busiest`: the most items first. `slowest`: the highest p95 first, then those of which it is not known. */
export type OriginSort = "busiest" | "failed" | "slowest" | "name";

export interface OriginPageRequest {
  /** Somewhere in the origin. */
  readonly text: string | undefined;
  readonly sort: OriginSort;
  readonly limit: number;
}

export interface OriginPage {
  readonly origins: readonly OriginFigure[];
  readonly matching: number;
  readonly total: number;
}

export interface SeriesRequest {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly points: number;
  readonly origin: string | undefined;
}

type Column = readonly (number | null)[];

/** The course of a job, in columns of one length. */
export interface JobSeries {
  readonly origin: string | null;
  readonly bucketMs: number;
  readonly at: readonly number[];
  readonly requestsPerSecond: Column;
  readonly bytesPerSecond: Column;
  readonly succeededPerSecond: Column;
  readonly failedPerSecond: Column;
  readonly p50: Column;
  readonly p95: Column;
  readonly p99: Column;
  readonly inFlight: Column;
  readonly limit: Column;
  readonly waiting: Column;
}

/** Which items; what is undefined restricts nothing. */
export interface ItemFilter {
  readonly states: readonly EndedState[] | undefined;
  /** Ranges of statuses, both ends included; `null`: without an answer. */
  readonly statuses: readonly (readonly [from: number, to: number] | null)[] | undefined;
  readonly codes: readonly string[] | undefined;
  readonly origin: string | undefined;
  /** Somewhere in the URL. */
  readonly text: string | undefined;
}

export type ItemSort = "latest" | "line" | "slowest" | "attempts" | "bytes";

export interface ItemPageRequest {
  readonly filter: ItemFilter;
  readonly sort: ItemSort;
  /** Where the page before ended. */
  readonly after: { readonly value: number; readonly number: number } | undefined;
  readonly limit: number;
}

export interface LoggedItem {
  readonly number: number;
  readonly line: number;
  readonly url: string;
  readonly state: EndedState;
  readonly status: number | null;
  readonly code: string | null;
  readonly attempts: number | null;
  readonly endedAt: number | null;
  readonly queuedMs: number | null;
  readonly waitedMs: number | null;
  readonly servedMs: number | null;
  readonly bytes: number | null;
}

export interface LoggedPage {
  readonly items: readonly LoggedItem[];
  readonly next: { readonly value: number; readonly number: number } | null;
}

type Phase = "queue" | "dns" | "connect" | "proxy" | "tls" | "send" | "wait" | "receive";

export interface LoggedTry {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly reused: boolean | null;
  readonly bytes: number | null;
  readonly phases: readonly { readonly phase: Phase; readonly ms: number }[] | null;
}

export interface LoggedItemDetail extends LoggedItem {
  readonly origin: string | null;
  readonly message: string | null;
  readonly queuedAt: number | null;
  readonly tries: readonly LoggedTry[] | null;
}

/** What a journal that is only read answers beside what a job asks. */
export interface InspectionOperations {
  /** Looks at every page of it, and throws JOURNAL_CORRUPT where one is damaged. */
  check(request: undefined): void;
  figures(request: { readonly origins: readonly string[] }): JournalFigures;
  origins(request: OriginPageRequest): OriginPage;
  series(request: SeriesRequest): JobSeries;
  items(request: ItemPageRequest): LoggedPage;
  countItems(request: ItemFilter): { readonly matching: number; readonly total: number };
  item(request: { readonly number: number }): LoggedItemDetail | undefined;
}
