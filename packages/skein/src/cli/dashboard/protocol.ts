// What the dashboard's server and its page say to each other.
//
//   GET  /                       the page; the token stands in the URL's query: `/?token=…`
//   GET  /api/job                JobFacts
//   GET  /api/events             server-sent events: a `snapshot` (its data: a Snapshot) at once, and then one a second
//   GET  /api/series             Series          ?from= &to= (ms since the epoch) &points= (1 to 600) &origin=
//   GET  /api/items              ItemPage        ?state= &status= &code= &origin= &text= &sort= &cursor= &limit= (1 to 500)
//   GET  /api/items/count        ItemCount       the same filters; apart, since counting may take longer than a page
//   GET  /api/origins            OriginPage      ?text= &sort= &limit= (1 to 500)
//   GET  /api/open               OpenItems       ?limit= (1 to 500)
//   GET  /api/items/:number      ItemDetail
//   POST /api/control            ControlRequest, as JSON → ControlAnswer
//
// All of `/api` wants the token: as `Authorization: Bearer …`, or `?token=…` where no header can be set (EventSource).
// What is refused answers with an ApiError as JSON: 400 for a parameter or body that is not understood, 401 without the
// token, 403 for a foreign Host or Origin, 404, 409 for a control that is not possible now, 413 for a body over 16 KiB.
//
// Times are milliseconds since the Unix epoch (names in `At`), durations milliseconds (`Ms`), sizes bytes. What is not known
// is `null`, never left out. Numbers of a job are those of all its runs, unless it is said that they are of this run.

/** Told in JobFacts; a page of another version says that it is to be loaded again. */
export const PROTOCOL_VERSION = 1;

// ── GET /api/job ──

/**
 * `stopping`: nothing more is started, what is in flight ends. `complete`: every line of the list has ended. `stopped`: it has
 * not, and nobody is at it; the same command goes on. `failed`: a file could not be written, `failure` tells.
 */
export type JobState = "running" | "paused" | "stopping" | "complete" | "stopped" | "failed";

export interface JobFacts {
  readonly protocol: number;
  /** Of Skein. */
  readonly version: string;
  readonly state: JobState;
  /** The message of what stopped it, where `state` is `failed`. */
  readonly failure: string | null;
  /**
   * Whether it runs in the process that serves the page. If not, all is read from its journal, and nothing can be
   * controlled; another process may be at it nevertheless (`state`).
   */
  readonly live: boolean;
  /** Which actions are taken now; empty where it is not live. */
  readonly controls: readonly ControlAction[];
  /** The list's name: a path, `<arguments>`, `<stdin>`. */
  readonly source: string;
  /** Paths as a person would write them. */
  readonly output: string;
  readonly journal: string;
  /** When the first run began; null where an older version has written the journal. */
  readonly startedAt: number | null;
  /** When this run began, or the last one. */
  readonly runStartedAt: number | null;
  readonly request: {
    readonly method: string;
    /** Names and values; those of secrets as `<redacted>`. */
    readonly headers: readonly (readonly [name: string, value: string])[];
    /** Which statuses succeed, as `--accept-status` takes them: `200-299,404`. */
    readonly accepts: string;
  };
  /** Of this run, as it was started or last changed; null where it is not live. */
  readonly limits: JobLimits | null;
}

export interface JobLimits {
  /** So many there may be at the most, whatever is set: as many connections as this run may open. */
  readonly most: number;
  /** Requests in flight at once, in all. With `auto` this is the most there may be. */
  readonly concurrency: number;
  /** To one host. With `perOriginIsAuto` this is the most there may be. */
  readonly perOrigin: number;
  readonly perOriginIsAuto: boolean;
  /** Such as `100/s`; null where it is not limited. */
  readonly rate: string | null;
  readonly perOriginRate: string | null;
}

// ── GET /api/events ──

export interface Snapshot {
  readonly at: number;
  readonly state: JobState;
  readonly failure: string | null;
  /** As in JobFacts: they change with the state. */
  readonly controls: readonly ControlAction[];
  readonly limits: JobLimits | null;
  /** In this run, or the last. */
  readonly elapsedMs: number | null;
  readonly counts: ItemCounts;
  /** What those that wait wait for, the most frequent first. */
  readonly waitingFor: readonly { readonly why: WaitReason; readonly count: number }[];
  /** In the last 5 seconds. */
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Attempts that ended, in this run; of a job that is not live, in all. */
  readonly requests: number;
  /** Bytes of decoded bodies, as `requests`. */
  readonly bytes: number;
  /** How long attempts take, in milliseconds: in this run; of a job that is not live, in all. */
  readonly latency: Percentiles | null;
  /** About how long it still takes; null where nobody knows. */
  readonly etaMs: number | null;
  /** The 20 origins that are the most active: those that have open tasks first. */
  readonly origins: readonly OriginRow[];
  /** How many origins there are. */
  readonly originCount: number;
  /** The 5 that take longest with what is known to go there, the slowest first; of a job that is not live, by p95. */
  readonly slowestOrigins: readonly OriginRow[];
  /** Every status that was answered with, the most frequent first. */
  readonly statuses: readonly {
    readonly status: number;
    readonly count: number;
    readonly accepted: boolean;
  }[];
  /** What items failed with, the 20 most frequent, the most frequent first. */
  readonly errors: readonly ErrorRow[];
}

export interface ItemCounts {
  /** Of the whole list, as far as known. */
  readonly total: number | null;
  /** Those that have ended: succeeded + failed + unknown. */
  readonly done: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Not safe to repeat, and the process was killed while they may have been sent. */
  readonly unknown: number;
  /** Lines of the list that are no requests; not among `done` and `total`. */
  readonly rejected: number;
  /** Read from the list and ready to be sent; 0 where the job is not live, as with the next two. */
  readonly pending: number;
  readonly running: number;
  readonly waiting: number;
  /** Of `done`, what runs before this one had done. */
  readonly doneBefore: number;
}

export type WaitReason =
  | "backoff"
  | "retry-after"
  | "origin cooling"
  | "circuit open"
  | "budget"
  | "rate"
  | "paused";

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface OriginRow {
  /** `https://example.com`, without a port that goes without saying. */
  readonly origin: string;
  /** Items that have ended, and those of them that failed or are unknown. */
  readonly done: number;
  readonly failed: number;
  /** Milliseconds that items spent in attempts. */
  readonly p50: number | null;
  readonly p95: number | null;
  /** What is known of it at this moment; null where it has no open tasks, or the job is not live. */
  readonly now: OriginNow | null;
}

export interface OriginNow {
  readonly inFlight: number;
  /** The most that may be in flight at once. */
  readonly limit: number;
  /** Taken from the list and not in flight. */
  readonly queued: number;
  /** Attempts a second, in the last 10 to 20 seconds. */
  readonly perSecond: number;
  /** Requests a second that it is allowed: as given, or as learned from its answers. */
  readonly rateLimit: number | null;
  /** Why nothing is sent to it. `circuit open`: it fails; `origin cooling`: it asked to be left alone. */
  readonly waitsFor: WaitReason | null;
  /** For how long, if nothing else happens. */
  readonly waitMs: number | null;
  /** About how long it takes with its open tasks. */
  readonly etaMs: number | null;
}

// ── GET /api/origins ──

/** `busiest`: the most items that have ended first. `slowest`: the highest p95 first. */
export type OriginSort = "busiest" | "failed" | "slowest" | "name";

export interface OriginQuery {
  /** What stands somewhere in the origin. */
  readonly text?: string;
  /** Default: busiest. */
  readonly sort?: OriginSort;
  /** Default: 100. */
  readonly limit?: number;
}

/** Origins that have been asked, as many as there are. */
export interface OriginPage {
  readonly origins: readonly OriginRow[];
  /** How many the text lets through. */
  readonly matching: number;
  readonly total: number;
}

export interface ErrorRow {
  readonly code: string;
  /** Where a status was refused (`HTTP_STATUS`). */
  readonly status: number | null;
  readonly count: number;
  /** Of one of them. */
  readonly message: string;
  /** Numbers of some of these items, the latest first: at most 5. */
  readonly samples: readonly number[];
}

// ── GET /api/series ──

/**
 * The course of the job, in columns of one length: at most as many points as were asked for (600 if nothing is said). What a
 * column does not know of a time is null: between two runs, or where an older version has written the journal.
 */
export interface Series {
  /** The origin that it is of; null for the whole job. */
  readonly origin: string | null;
  /** So much time each point stands for: it begins at its `at`. */
  readonly bucketMs: number;
  readonly at: readonly number[];
  /** Attempts that ended, a second; of an origin, its items that ended. */
  readonly requestsPerSecond: readonly (number | null)[];
  readonly bytesPerSecond: readonly (number | null)[];
  /** Items that succeeded, and that failed or are unknown, a second. */
  readonly succeededPerSecond: readonly (number | null)[];
  readonly failedPerSecond: readonly (number | null)[];
  /** Milliseconds that attempts took (of an origin, that items spent in them); null where none ended. */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** The highest in that time. */
  readonly inFlight: readonly (number | null)[];
  readonly limit: readonly (number | null)[];
  /** Tasks that waited, the most in that time; null throughout for an origin. */
  readonly waiting: readonly (number | null)[];
}

// ── GET /api/items ──

export type ItemState = "succeeded" | "failed" | "unknown" | "rejected";

/**
 * `latest`: those that ended last come first. `line`: as in the list. `slowest`: the longest time in attempts first.
 * `attempts`: the most first. `bytes`: the largest first.
 */
export type ItemSort = "latest" | "line" | "slowest" | "attempts" | "bytes";

/** What `/api/items` is asked for, in its query. What is left out, or empty, restricts nothing. */
export interface ItemQuery {
  /** Several with commas: `failed,unknown`. */
  readonly state?: string;
  /** As `--accept-status` takes them: `404`, `5xx`, `200-299,404`; `none`: without an answer. */
  readonly status?: string;
  /** Of the error; several with commas. */
  readonly code?: string;
  readonly origin?: string;
  /** What stands somewhere in the URL, upper and lower case alike; of a rejected line, in its text. */
  readonly text?: string;
  /** Default: latest. */
  readonly sort?: ItemSort;
  /** `next` of the page before. */
  readonly cursor?: string;
  /** Default: 100. */
  readonly limit?: number;
}

/** Items that have ended; those that have not have no place in a journal. */
export interface ItemPage {
  readonly items: readonly ItemRow[];
  /** For the next page; null after the last. It holds while the job goes on: no item comes twice or is left out. */
  readonly next: string | null;
}

export interface ItemCount {
  /** How many items the filters let through. */
  readonly matching: number;
  /** How many there are without filters. */
  readonly total: number;
}

export interface ItemRow {
  /** What the item is called here, `/api/items/:number`. Items that ended later have a higher one. */
  readonly number: number;
  /** Its line in the list, from 1. */
  readonly line: number;
  /** Without credentials; of a rejected line, its text. */
  readonly url: string;
  readonly state: ItemState;
  readonly status: number | null;
  /** Code of the error. */
  readonly code: string | null;
  readonly attempts: number | null;
  readonly endedAt: number | null;
  /** From being read from the list to the first attempt. */
  readonly queuedMs: number | null;
  /** Between attempts. */
  readonly waitedMs: number | null;
  /** In attempts. */
  readonly servedMs: number | null;
  /** Of the decoded body. */
  readonly bytes: number | null;
}

export interface ItemDetail extends ItemRow {
  readonly origin: string | null;
  /** Of the error, or the reason why the line was rejected. */
  readonly message: string | null;
  /** When it was read from the list: the left end of its waterfall. */
  readonly queuedAt: number | null;
  /** Every attempt, oldest first; null where nobody knows. */
  readonly tries: readonly Try[] | null;
}

/** An attempt; those before it, and the time between them, stand to its left in the waterfall. */
export interface Try {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Whether a kept-alive connection carried it. */
  readonly reused: boolean | null;
  readonly bytes: number | null;
  /** What its time was spent on, in this order and without gaps; null where that was not kept. */
  readonly phases: readonly { readonly phase: TryPhase; readonly ms: number }[] | null;
}

export type TryPhase = "queue" | "dns" | "connect" | "proxy" | "tls" | "send" | "wait" | "receive";

// ── GET /api/open ──

/** Items that have been sent and have not ended, as they are at this moment: those in flight, then those that wait. */
export interface OpenItems {
  /** No more than `limit` (100); none where the job is not live, or several threads send. */
  readonly items: readonly OpenItemRow[];
}

export interface OpenItemRow {
  readonly line: number;
  /** Without credentials. */
  readonly url: string;
  readonly state: "running" | "waiting";
  /** Attempts that have ended. */
  readonly attempts: number;
  /** How long the attempt under way has taken; of one that waits, how long it waits still. */
  readonly ms: number;
  readonly waitsFor: WaitReason | null;
}

// ── POST /api/control ──

export type ControlAction = "pause" | "resume" | "cancel" | "retry-failed" | "set";

/**
 * `cancel`: starts nothing more, finishes what is in flight, in at most 10 s; the same command goes on later. `retry-failed`: all
 * that failed is sent once more, when the list has been gone through; at once, where it has. `set`: limits in force from now on; those left out stay, `null` takes a rate away.
 */
export type ControlRequest =
  | { readonly action: "pause" | "resume" | "cancel" | "retry-failed" }
  | ({ readonly action: "set" } & LimitChanges);

export interface LimitChanges {
  /** From 1 to `most` of JobLimits, as `perOrigin`. */
  readonly concurrency?: number;
  readonly perOrigin?: number | "auto";
  /** Such as `100/s`, `6000/min`. */
  readonly rate?: string | null;
  readonly perOriginRate?: string | null;
}

export interface ControlAnswer {
  /** What was done, as a sentence for the person who asked. */
  readonly message: string;
  readonly state: JobState;
  readonly limits: JobLimits | null;
}

// ── what is refused ──

export interface ApiError {
  readonly error: string;
}
