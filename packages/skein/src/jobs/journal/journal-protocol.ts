// What the thread of a job and the thread of its journal say to each other.
import type { AddedItem } from "../source/added-item.ts";
import type { SourcePosition } from "../source/source.ts";
import type { FoundGroup } from "./added-log.ts";
import type { InspectionOperations } from "./inspection/inspection-types.ts";
import type { PackedDetails } from "./item-details.ts";
import type { TimelineSample } from "./timeline-sample.ts";

/** How an item stands in the journal. One that is pending has no row. */
export const ItemState = {
  /** Not safe to repeat, and about to be sent. */
  sent: 0,
  succeeded: 1,
  failed: 2,
  unknown: 3,
  rejected: 4,
  /** Chosen to be pending again, while its line is taken out of the output: see rewrite.ts. */
  leaving: 5,
  /** Of a refresh: answered with 304, so that the former row stays. In a group only. */
  unchanged: 6,
  /** Of a refresh: failed, where the former row is of one that succeeded, and stays. In a group only. */
  stale: 7,
  /** Of a refresh: not asked for again, where the former row is of one that is unknown. In a group only. */
  leftUnknown: 8,
} as const;

/** What the states of a refresh mean: how the item ended now, and whether its former row stays. */
export const REFRESH_STATES: ReadonlyMap<number, readonly [state: number, keeps: boolean]> = new Map([
  [ItemState.unchanged, [ItemState.succeeded, true]],
  [ItemState.stale, [ItemState.failed, true]],
  [ItemState.leftUnknown, [ItemState.unknown, true]],
]);

/** How items ended; what is left out may be anything. */
export interface ItemEnding {
  readonly state: number;
  readonly status?: number | null;
  readonly error?: string | null;
}

export const ALL_FAILED: readonly ItemEnding[] = [{ state: ItemState.failed }];

export interface JournalPaths {
  readonly journal: string;
  readonly output: string;
  readonly rejects: string;
}

/** What a job is: compared when it is opened again. */
export interface JobRecord {
  /** JSON of what its requests and rows are made of: see semantics.ts. */
  readonly semantics: string;
  readonly source: string;
  readonly fingerprint: string | null;
  /** Of an output in many files: at how many bytes the next one is begun. */
  readonly shardBytes?: number | null;
}

/** How many items ended alike. */
export interface ItemCount {
  readonly state: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly count: number;
  /** Their former rows stay in the output: a refresh found them unchanged, or failed. */
  readonly keeps?: boolean;
}

/** What a journal knew when it was opened. */
export interface OpenedJournal {
  /** Undefined for a new journal. */
  readonly job: JobRecord | undefined;
  readonly complete: boolean;
  /** Every line before it has ended. */
  readonly position: SourcePosition;
  /** The last line of the list that has a row; 0 without rows. */
  readonly lastLine: number;
  readonly counts: readonly ItemCount[];
  /** Items that answers led to. */
  readonly added: { readonly count: number; readonly isPending: boolean };
  /** How the items of the rows in the output ended: another thing than `counts` where a refresh has left former rows. */
  readonly rowCounts: readonly ItemCount[];
  /** All items are being asked for again, and not all of them have been. */
  readonly refreshing: boolean;
  /** How many bytes of the files count. */
  readonly sizes: { readonly output: number; readonly rejects: number; readonly shards?: readonly number[] };
  /** An output without some of its items stands ready to take its place, as a killed process left it: see rewrite.ts. */
  readonly isRewriting: boolean;
  /** The first message of each error code. */
  readonly errorSamples: readonly (readonly [code: string, message: string])[];
}

/** What a journal without a job says. */
export const NOTHING_RECORDED: OpenedJournal = {
  job: undefined,
  complete: false,
  position: { offset: 0, line: 0 },
  lastLine: 0,
  counts: [],
  added: { count: 0, isPending: false },
  rowCounts: [],
  refreshing: false,
  sizes: { output: 0, rejects: 0 },
  isRewriting: false,
  errorSamples: [],
};

export interface BeginRequest {
  readonly record: JobRecord;
  /** Forget everything, and cut the output to nothing. */
  readonly fresh: boolean;
  /** Take the items that ended so out of journal and output: they are pending again. */
  readonly retry: readonly ItemEnding[];
  /** The list has lines that have not ended, though all had when its journal was last written. */
  readonly hasMore?: boolean;
  /** Ask for all items again, where the job is complete. */
  readonly refresh?: boolean;
}

/** A file to be written whole, before the row that names it. */
export interface BodyFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Five numbers an item. */
export const ROW_WIDTH = 5;
/** Line, key, state, status (0 where none), and the error code's place in `errorCodes` plus one (0 where none). */
type Rows = Float64Array;

/** A group of items that ended, and of others about to be sent. It is recorded whole or not at all. */
export interface CommitRequest {
  readonly rows: Rows;
  readonly errorCodes: readonly string[];
  readonly errorSamples: readonly (readonly [code: string, message: string])[];
  /** Lines for the output, each with its line feed; in UTF-8 where they come often. */
  readonly output: string | Uint8Array;
  readonly rejects: string;
  readonly files: readonly BodyFile[];
  /** Of those rows that are of items that ended. Left out where there are none. */
  readonly details?: PackedDetails | undefined;
  /** What the items led to. Left out where nothing is added. */
  readonly links?: FoundGroup | undefined;
  /** Lines for which the next refresh is to ask without conditions. */
  readonly unvalidated?: readonly number[] | undefined;
  /** What the job did of late. */
  readonly samples?: readonly TimelineSample[] | undefined;
  /** Lines whose `sent` row is taken back: they were not sent after all. */
  readonly released: readonly number[];
  readonly position: SourcePosition;
  readonly complete: boolean;
}

/** A group as who gathers it knows it. */
export type GatheredGroup = Omit<CommitRequest, "position" | "complete">;

/** Rows of the journal in the order of their lines: line, key, state, status (0 for none), whether a refresh has still to ask for it. */
export const LISTED_WIDTH = 5;

/** What a former answer can be asked about with. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Whose answer that was, where redirects led from the item's URL to another. */
  readonly url: string | null;
}

/** Validators as the journal has them: none of the three holds a tab. */
export function validatorsText({ etag, lastModified, url }: Validators): string {
  return `${etag ?? ""}\t${lastModified ?? ""}\t${url ?? ""}`;
}

export function validatorsOfText(text: string): Validators {
  const [etag, lastModified, url] = text.split("\t").map(part => (part === "" ? null : part));
  return { etag: etag ?? null, lastModified: lastModified ?? null, url: url ?? null };
}

/** What the thread of a journal is started with. */
export interface JournalThread {
  readonly paths: JournalPaths;
  /** Takes no lock and changes nothing: it may be opened while a job runs. */
  readonly readOnly: boolean;
}

/** What a job asks of the journal's thread; one that only reads answers `open`, `isWritten`, `list` and `close`. */
export interface JournalOperations {
  open(request: { readonly fresh: boolean }): OpenedJournal;
  begin(request: BeginRequest): OpenedJournal;
  /** Answers how many items have been added so far. */
  commit(request: CommitRequest): number;
  /** Added items after a line that have not ended. */
  added(request: { readonly after: number; readonly limit: number }): AddedItem[];
  /** As `retry` of `begin`, without a run; answers with the number of items. */
  retry(request: { readonly endings: readonly ItemEnding[] }): number;
  /** Whether a job writes the journal at this moment. */
  isWritten(request: undefined): boolean;
  list(request: { readonly fromLine: number; readonly limit: number }): Float64Array;
  /** Of the lines in a range that have any. */
  validators(request: {
    readonly fromLine: number;
    readonly toLine: number;
  }): ReadonlyMap<number, Validators>;
  close(request: undefined): void;
}

/** And what can be asked of one that only reads. */
export type AllOperations = JournalOperations & InspectionOperations;

export type JournalOperation = keyof AllOperations;

export type JournalCall = {
  [O in JournalOperation]: {
    readonly id: number;
    readonly operation: O;
    readonly request: Parameters<AllOperations[O]>[0];
  };
}[JournalOperation];

/** An error that crosses threads: a class would arrive as a plain Error. */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly resumable: boolean;
  readonly path: string | undefined;
  readonly cause: unknown;
}

export type JournalAnswer =
  | { readonly id: number; readonly value: unknown; readonly error: undefined }
  | { readonly id: number; readonly value: undefined; readonly error: ReportedError };
