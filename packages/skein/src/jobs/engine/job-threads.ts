import type { JobClient, JobOptions } from "../job-options.ts";

/** Threads that send for a job. */
export interface JobThreads {
  /** How many. Worth it where one core is full: see docs/jobs.md. */
  readonly count: number;
  /**
   * A module whose default export is called once in each thread, with `data`, and gives the client: a client can't be handed to
   * a thread. A path, or a URL such as `new URL("./thread.js", import.meta.url)`.
   */
  readonly module: string | URL;
  /** Anything that `structuredClone` copies. */
  readonly data?: unknown;
  /** Whether the module gives `add`, so that answers lead to more items. Default: false. */
  readonly adds?: boolean;
  /** The most connections of such a client, where limits are changed while the job runs. Default: no such end. */
  readonly maxConnections?: number;
}

/** What the module of a thread gives: a client, and functions, which can't be handed over either. */
export interface JobThreadParts extends Pick<JobOptions, "perDomain" | "row" | "add"> {
  readonly client: JobClient;
  /** Called when the thread has done. */
  close?(): void | Promise<void>;
}
