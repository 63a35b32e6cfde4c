// What a job and a thread that sends for it say to each other.
import type { BatchLimitChanges, BatchProgress, OpenTask } from "../../entry/node.ts";
import type { JobPaths } from "../job-options.ts";
import type { GatheredGroup, ReportedError } from "../journal/journal-protocol.ts";
import type { DedupeMode } from "../source/deduped-source.ts";
import type { SourceItem } from "../source/source.ts";
import type { EngineOptions } from "./local-engine.ts";
import type { GrantedShare } from "./shares.ts";

/** What a thread is started with. */
export interface ThreadStart {
  /** The URL of the module that makes the client. */
  readonly module: string;
  readonly data: unknown;
  /** Without functions: those come from the module, and `accepted` stands for one. */
  readonly options: Omit<EngineOptions, "accept" | "perDomain" | "row" | "add" | "signal" | "maxErrors">;
  /** The statuses that succeed; undefined where the batch's own do. */
  readonly accepted: readonly number[] | undefined;
  readonly paths: JobPaths;
  /** Whether the job counts failures, to stop at a number of them: then they are told soon, each with its group. */
  readonly tellsFailures: boolean;
  /** Which requests are the same, where answers lead to more items: the module finds them. */
  readonly links: DedupeMode | undefined;
  /** Undefined where it finds out how many it may have in flight. */
  readonly share: GrantedShare | undefined;
}

/** Items that have ended in a thread: what of it goes to the journal, and what the job counts. */
export interface ThreadGroup {
  readonly commit: GatheredGroup;
  /** Milliseconds in attempts, of each row. */
  readonly served: Float64Array;
  /** Milliseconds of each attempt. */
  readonly attempts: Float64Array;
}

export interface ThreadReport {
  /** Undefined before the run. */
  readonly progress: BatchProgress | undefined;
  /** The share that is in force. */
  readonly share: GrantedShare | undefined;
  /** Items that it was given, and its batch has not taken. */
  readonly given: number;
  /** What is in flight, then what waits; undefined unless somebody has asked a short time ago. */
  readonly open: readonly OpenLine[] | undefined;
}

/** A task of a thread that has begun and not ended. */
export interface OpenLine extends Omit<OpenTask<unknown>, "input"> {
  /** The line of its item. */
  readonly line: number;
}

export type ToThread =
  | { readonly kind: "items"; readonly items: readonly SourceItem[] }
  /** No more items come. */
  | { readonly kind: "end" }
  | { readonly kind: "share"; readonly share: GrantedShare }
  | { readonly kind: "limits"; readonly changes: Pick<BatchLimitChanges, "perOrigin" | "perOriginRate"> }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "drain" }
  | { readonly kind: "cancel" }
  /** Somebody wants to know what is open: so many are told with each report, for a while. */
  | { readonly kind: "watch"; readonly limit: number }
  /** The journal has the oldest group that it had not. */
  | { readonly kind: "taken" };

export type FromThread =
  /** So many items have been taken from what it was given. */
  | { readonly kind: "pulled"; readonly count: number }
  | { readonly kind: "group"; readonly group: ThreadGroup }
  | { readonly kind: "report"; readonly report: ThreadReport }
  /** The item did not end, and a server may have seen it. */
  | { readonly kind: "maybe sent"; readonly line: number }
  | { readonly kind: "client closed" }
  | { readonly kind: "failed"; readonly error: ReportedError }
  | { readonly kind: "ended" };

/** So many items may lie in a thread that it has not taken. */
export const MOST_GIVEN = 1_024;
