import type { BatchOptions, Client, Duration, OpenTask, Rate, TooManyErrors } from "../entry/node.ts";
import type { JobThreads } from "./engine/job-threads.ts";
import type { CustomRow, JobTask } from "./sink/custom-rows.ts";
import type { OutputFormat } from "./sink/output-kind.ts";
import type { DedupeMode } from "./source/deduped-source.ts";
import type { JobItem } from "./source/items-source.ts";
import type { JobRequest, Source, SourceItem } from "./source/source.ts";

/** What a job needs of a client. */
export type JobClient = Pick<Client, "batch">;

/** Where bodies go: into the row, nowhere, or into files under a directory. */
export type BodyMode = "inline" | "none" | { readonly directory: string };

export interface JobOptions extends Omit<JobRequest, "url"> {
  /** The list: `listSource`, `argumentsSource`, `streamSource`, `itemsSource`. */
  source: Source;
  /** Path of the output. The journal, the rejected lines and large bodies stand beside it. */
  output: string;
  /**
   * What the output is: lines of JSON, a table without bodies (CSV, TSV), a WARC file, Parquet (there when the job is
   * complete; meanwhile the rows stand in a log beside it), or "none" for a journal alone, which stands at
   * `output` + `.job.db`. Default: by the name's ending, `.csv`, `.tsv`, `.warc`, `.parquet`, else lines of JSON. What ends in `.gz` or `.zst`
   * besides is packed.
   */
  outputFormat?: OutputFormat;
  /**
   * Bytes of a file of the output at which the next one is begun, where `output` is a name such as `out-{shard}.jsonl.gz`: `out-00001.jsonl.gz`,
   * `out-00002.jsonl.gz` and so on. A file goes beyond it by what is committed at once. Not for Parquet, nor without an output.
   */
  shardSize?: number;
  /** Sends the requests. Left out where `threads` have clients of their own. */
  client?: JobClient;
  /**
   * Sends from several threads, where one core is full. Each origin is one thread's, so that limits and rates of origins hold as
   * they do in one; `concurrency` is divided among them by what they have to do. A `rate` and `ordered` are refused; `row` and `add` come
   * from the module of the threads.
   */
  threads?: JobThreads;
  /** The method of items that name none. Default: GET. */
  method?: string;
  /** Headers of every item; an item's own replace those of the same name. */
  headers?: Readonly<Record<string, string>>;
  /** The content, as text, of items that have none. */
  body?: string;
  /**
   * Makes the row of an item that has ended, in the place of the standard one; for an output of JSON lines. It is called once an
   * item, and must not wait. What it throws ends the run; the item stays pending. Such an output can be gone on with and verified;
   * `retryFailed` and `retryItems` refuse it, since nobody can tell which of its rows are to leave.
   */
  row?: (task: JobTask) => CustomRow;
  /**
   * Finds the items that an answer leads to, such as the links of a page, or the next page of an interface: they become items of
   * the job, and are sent when the list has been read. Each is sent once: what has been found before, or stands in the list, is left
   * out, its URL compared in canonical form (with `dedupe: "exact"`, as it is spelled). Relative URLs are relative to the answer's; what is no http URL is rejected, as a
   * line of the list is. Items that name no id are called "+0", "+1" and so on. It is called once an item that succeeded or failed, and must not wait.
   * What it throws ends the run; the item stays pending. With `threads`, their module gives it.
   */
  add?: (task: JobTask) => Iterable<JobItem>;
  /**
   * Send each request once: what is the same as an earlier item is rejected. "exact": as it is spelled; "url": with its URL in
   * canonical form (`canonicalUrl`). A job that is gone on with then reads its list from the start. Default: every item is sent.
   */
  dedupe?: DedupeMode;
  /** Which statuses succeed. Default: 2xx. A job remembers them: all of 100 to 599 are asked for when it is opened. */
  accept?: (status: number) => boolean;
  /**
   * Default: "inline", text as `body`, other as `bodyBase64`; what is larger than 1 MiB is a file. In a table and without an
   * output: "none".
   */
  bodies?: BodyMode;
  /** Requests in flight at once; "auto" as in a batch. Default: the batch's (50). */
  concurrency?: number | "auto";
  /** Requests in flight at once to one origin; "auto" as in a batch. Default: the batch's. */
  perOrigin?: number | "auto";
  /** Requests in flight at once to all origins of one domain, as in a batch. Default: unlimited. */
  perDomain?: BatchOptions<unknown, unknown, unknown>["perDomain"];
  /** Attempts that go out a time, such as `"100/s"`, to all origins together. Default: unlimited. */
  rate?: Rate;
  /** As `rate`, to each origin. Default: unlimited. */
  perOriginRate?: Rate;
  /** Attempts in all, for what may be repeated. Default: the batch's (3). */
  attempts?: number;
  /** Which statuses are tried again. Default: the batch's. */
  retryOn?: readonly number[];
  /** No further attempt is planned for later than this after an item's first. Default: no such end. */
  retryMaxTime?: Duration;
  /** Stops the job once more items of this run have failed: a number, or a share such as "5%". What is left stays pending. Default: never. */
  maxErrors?: number | `${number}%`;
  /**
   * Rows in the order of the list, as far as one run goes: what an earlier one left undone, or `retryFailed` sends again, comes
   * after what it had done. Default: false, as items end.
   */
  ordered?: boolean;
  /** How long an attempt may take. Default: the client's. */
  timeout?: Duration;
  /** The most bytes of a decoded body. Default: the batch's (64 MiB). */
  maxResponseBytes?: number;
  /** Forget what the journal and the output hold, and begin anew. */
  fresh?: boolean;
  /** Run the failed items again, also those that are not safe to repeat; their lines leave the output first. */
  retryFailed?: boolean;
  /**
   * Ask for all items of a complete job again, with the conditions that the former answers allow (`ETag`, `Last-Modified`). One
   * that has not changed (304) keeps its row; one that has gets a new row; one that fails counts as failed, and keeps the row of
   * a former success. Items whose method is not GET, HEAD or OPTIONS are not sent again. The output stays as it is until every item has
   * been asked for, and is the new one then. A job that is not complete goes on first, and so does a refresh that was stopped,
   * also without this option. Default: false.
   */
  refresh?: boolean;
  /** Aborts the job, as `abort()` does. */
  signal?: AbortSignal;
}

/** Where a job's files are. */
export interface JobPaths {
  readonly output: string;
  /** Where the rows stand: in the output. Of a Parquet file in `out.parquet.rows.jsonl.zst`, of which it is made in the end. */
  readonly rows: string;
  /** `out.rejects.jsonl`; made when there is a first bad line. */
  readonly rejects: string;
  /** `out.jsonl.job.db` */
  readonly journal: string;
  /** `out.bodies`, or the directory given; undefined with bodies: "none". Made when there is a first file. */
  readonly bodies: string | undefined;
}

/** Errors of one code. */
export interface ErrorTally {
  readonly count: number;
  /** The message of the first of them. */
  readonly sample: string;
}

/** How the items of a job ended, in this run and those before it. */
export interface JobCounts {
  /** Items that have ended: succeeded + failed + unknown. */
  readonly done: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Not safe to repeat, and the process was killed while they may have been sent. */
  readonly unknown: number;
  /** Lines that are no requests. */
  readonly rejected: number;
  /** Of `succeeded`: those whose former rows a refresh has kept, answered that they have not changed (304), or not safe to repeat. */
  readonly unchanged: number;
  /** Items with an answer, by its status. */
  readonly byStatus: ReadonlyMap<number, number>;
  /** Items that failed, by the error's code. */
  readonly byError: ReadonlyMap<string, ErrorTally>;
}

/** A snapshot of a job under way. */
export interface JobProgress extends JobCounts {
  /** Items of the whole list, as far as known; undefined for a stream that has not ended. */
  readonly total: number | undefined;
  /** Of `done`, what runs before this one had done. */
  readonly doneBefore: number;
  readonly running: number;
  /** Between attempts: backoff, Retry-After, cooling origin. */
  readonly waiting: number;
  /** Read from the list, and not yet started. */
  readonly pending: number;
  /** Of this run: bytes of decoded bodies. */
  readonly bytes: number;
  /** Of this run: attempts that ended. */
  readonly requests: number;
  /** Of this run. */
  readonly elapsedMs: number;
  /** Milliseconds in attempts of the latest 1,000 items; undefined before the first. */
  readonly latency: { readonly p50: number; readonly p95: number } | undefined;
}

/** How a run ended. */
export interface JobSummary extends JobCounts {
  /** `complete`: every line of the list has ended. Else the same command continues. */
  readonly ended: "complete" | "drained" | "aborted";
  /** Where `maxErrors` ended it. */
  readonly tooManyErrors?: TooManyErrors | undefined;
  readonly doneBefore: number;
  readonly bytes: number;
  readonly requests: number;
  readonly elapsedMs: number;
  readonly latency: JobProgress["latency"];
}

/** An item that has been sent, and has not ended. */
export interface OpenItem extends Omit<OpenTask<unknown>, "input"> {
  readonly item: SourceItem;
}
