import { Worker } from "node:worker_threads";
import { JobError, type JobErrorCode } from "../job-error.ts";
import type {
  AllOperations,
  JournalAnswer,
  JournalCall,
  JournalOperation,
  JournalPaths,
  JournalThread,
  ReportedError,
} from "./journal-protocol.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: JobError): void;
}

// From the sources, Node runs the TypeScript file; the build puts the worker beside the bundle.
const WORKER = import.meta.url.endsWith(".ts") ? "./journal-worker.ts" : "./journal-worker.js";

const YOUNG_GENERATION_MB = 4;

/** The journal as the job sees it: calls that another thread answers, in the order they were made. */
export class Journal {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: JobError | undefined;

  /** @param readOnly takes no lock and changes nothing: it is asked, and told nothing */
  constructor(paths: JournalPaths, { readOnly = false } = {}) {
    this.#worker = new Worker(new URL(WORKER, import.meta.url), {
      workerData: { paths, readOnly } satisfies JournalThread,
      // It only passes bytes on: a large nursery would hold tens of megabytes of what is garbage already.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.on("message", (answer: JournalAnswer) => this.#answered(answer));
    this.#worker.on("error", cause => this.#end("the journal's thread failed", cause));
    this.#worker.on("exit", () => this.#end("the journal is closed", undefined));
  }

  /** @throws (rejects with) JobError */
  call<O extends JournalOperation>(
    operation: O,
    request: Parameters<AllOperations[O]>[0],
    transfer: ArrayBuffer[] = [],
  ): Promise<ReturnType<AllOperations[O]>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    // A process stays alive for what was asked, not for a job that somebody forgot to close.
    if (this.#waiting.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
      this.#worker.postMessage({ id, operation, request } as JournalCall, transfer);
    });
  }

  /** Gives the lock back, after what was asked before has been done. */
  async close(): Promise<void> {
    try {
      if (this.#ended === undefined) await this.call("close", undefined);
    } finally {
      await this.#worker.terminate();
    }
  }

  #answered({ id, value, error }: JournalAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(fromReport(error));
  }

  #end(message: string, cause: unknown): void {
    this.#ended ??= new JobError("FILE_FAILED", message, { cause, resumable: true });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
}

function fromReport({ code, message, resumable, path, cause }: ReportedError): JobError {
  return new JobError(code as JobErrorCode, message, {
    cause,
    resumable,
    ...(path === undefined ? undefined : { path }),
  });
}
