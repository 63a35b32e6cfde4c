import { Worker } from "node:worker_threads";
import { JobError, type JobErrorCode } from "../job-error.ts";
import { ROW_WIDTH } from "../journal/journal-protocol.ts";
import type { PendingItem } from "../source/pending-item.ts";
import {
  type FromThread,
  MOST_GIVEN,
  type ThreadGroup,
  type ThreadReport,
  type ThreadStart,
  type ToThread,
} from "./thread-protocol.ts";

// From the sources, Node runs the TypeScript file; the build puts the worker beside the bundle.
const WORKER = import.meta.url.endsWith(".ts") ? "./engine-worker.ts" : "./engine-worker.js";

/** Sent at once, so that a message is worth its price. */
const ITEMS_A_MESSAGE = 64;
/** So many wait for a thread that has enough, before nothing more is read from the list. */
const MOST_QUEUED = 8_192;
/** What a fetch makes is garbage within milliseconds. */
const YOUNG_GENERATION_MB = 32;

export interface ThreadEvents {
  /** Items that have ended. Resolves when the journal has them. */
  group(items: readonly PendingItem[], group: ThreadGroup): Promise<void>;
  maybeSent(item: PendingItem): void;
  clientClosed(): void;
  report(report: ThreadReport): void;
}

/** A thread that sends for a job, as the job's own thread sees it. */
export class SendingThread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  /** Given to this thread, by line, until they have ended. */
  readonly #items = new Map<number, PendingItem>();
  readonly #end = Promise.withResolvers<void>();
  #queued: PendingItem[] = [];
  /** Sent, and not yet taken by its batch. */
  #given = 0;
  #sending: NodeJS.Immediate | undefined;
  #room: (() => void) | undefined;
  #isStopped = false;
  #hasAll = false;

  constructor(start: ThreadStart, events: ThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(new URL(WORKER, import.meta.url), {
      workerData: start,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.on("message", (message: FromThread) => this.#told(message));
    this.#worker.on("error", (cause: Error) =>
      this.#failed(`a thread that sends failed: ${cause.message}`, cause),
    );
    this.#worker.on("exit", () => this.#failed("a thread that sends has ended", undefined));
  }

  /** When it has done, or was stopped. Rejects with JobError. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Items that it is to get. */
  get queued(): number {
    return this.#queued.length;
  }

  /** The item of a line that it was sent; undefined when that has ended. */
  itemAt(line: number): PendingItem | undefined {
    return this.#items.get(line);
  }

  give(item: PendingItem): void {
    if (this.#isStopped) return;
    this.#queued.push(item);
    this.#sendSoon();
  }

  /** Undefined when it may be given more, else what to wait for. */
  room(): Promise<void> | undefined {
    if (this.#queued.length < MOST_QUEUED || this.#isStopped) return undefined;
    return new Promise(resolve => {
      this.#room = resolve;
    });
  }

  /** It has been given all. */
  end(): void {
    this.#hasAll = true;
    this.#sendSoon();
  }

  tell(message: ToThread): void {
    if (message.kind === "drain" || message.kind === "cancel") this.#stop();
    this.#worker.postMessage(message);
  }

  /** What it was not sent stays pending. */
  #stop(): void {
    this.#isStopped = true;
    this.#queued = [];
    this.#room?.();
  }

  /** At the end of this turn of the event loop: by then there may be more. */
  #sendSoon(): void {
    this.#sending ??= setImmediate(() => {
      this.#sending = undefined;
      this.#send();
    });
  }

  #send(): void {
    while (this.#queued.length > 0 && this.#given < MOST_GIVEN) {
      const items = this.#queued.splice(0, ITEMS_A_MESSAGE);
      for (const item of items) this.#items.set(item.item.line, item);
      this.#given += items.length;
      this.#worker.postMessage({ kind: "items", items: items.map(({ item }) => item) } satisfies ToThread);
    }
    if (this.#queued.length < MOST_QUEUED) this.#room?.();
    if (this.#hasAll && this.#queued.length === 0)
      this.#worker.postMessage({ kind: "end" } satisfies ToThread);
  }

  #told(message: FromThread): void {
    switch (message.kind) {
      case "pulled":
        this.#given -= message.count;
        return this.#sendSoon();
      case "group":
        return this.#took(message.group);
      case "report":
        return this.#events.report(message.report);
      case "maybe sent": {
        const item = this.#items.get(message.line);
        if (item !== undefined) this.#events.maybeSent(item);
        return;
      }
      case "client closed":
        return this.#events.clientClosed();
      case "ended":
        return this.#end.resolve();
      case "failed": {
        const { code, message: text, ...details } = message.error;
        return this.#end.reject(new JobError(code as JobErrorCode, text, withoutUndefined(details)));
      }
    }
  }

  #took(group: ThreadGroup): void {
    const { rows } = group.commit;
    const items: PendingItem[] = [];
    for (let at = 0; at < rows.length; at += ROW_WIDTH) {
      const line = rows[at]!;
      items.push(this.#items.get(line)!);
      this.#items.delete(line);
    }
    // Told also where the journal has failed, of which the job knows: the thread is then stopped, and shall not wait for it.
    const told = () => this.#worker.postMessage({ kind: "taken" } satisfies ToThread);
    this.#events.group(items, group).then(told, told);
  }

  #failed(message: string, cause: unknown): void {
    this.#stop();
    this.#end.reject(new JobError("THREAD_FAILED", message, { cause, resumable: true }));
  }
}

function withoutUndefined({
  resumable,
  path,
  cause,
}: {
  resumable: boolean;
  path: string | undefined;
  cause: unknown;
}) {
  return { resumable, cause, ...(path === undefined ? undefined : { path }) };
}
