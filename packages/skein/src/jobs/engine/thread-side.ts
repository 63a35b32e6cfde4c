import type { Response, SettledTask } from "../../entry/node.ts";
import { JobError } from "../job-error.ts";
import { Outbox } from "../journal/outbox.ts";
import { Ledger } from "../ledger.ts";
import { rowsOf } from "../sink/rows-of.ts";
import type { PendingItem } from "../source/pending-item.ts";
import { Tally } from "../tally.ts";
import type { JobThreadParts } from "./job-threads.ts";
import { type EngineOptions, LocalEngine } from "./local-engine.ts";
import type { GrantedShare } from "./shares.ts";
import { ThreadItems } from "./thread-items.ts";
import type { FromThread, OpenLine, ThreadGroup, ThreadStart, ToThread } from "./thread-protocol.ts";

const REPORT_MS = 100;
const TOLD_WITHIN_MS = 2;
/** A page asks once a second. */
const WATCHED_MS = 5_000;

type Post = (message: FromThread, transfer: ArrayBuffer[]) => void;

/** What a thread does that sends for a job: the items that it is told come back as groups for the journal. */
export class ThreadSide {
  readonly #start: ThreadStart;
  readonly #post: Post;
  readonly #items: ThreadItems;
  readonly #untaken: (() => void)[] = [];
  readonly #outbox: Outbox;
  #served: number[] = [];
  #attempts: number[] = [];
  #telling: ReturnType<typeof setTimeout> | undefined;
  #share: GrantedShare | undefined;
  /** How many open tasks somebody wants to be told, and until when. */
  #watch = { limit: 0, until: 0 };
  #isPaused = false;
  /** Perhaps before there is an engine: then it is not to send what has been given meanwhile. */
  #isStopped = false;
  #engine: LocalEngine | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(start: ThreadStart, post: Post) {
    this.#start = start;
    this.#post = post;
    this.#share = start.share;
    this.#items = new ThreadItems(count => post({ kind: "pulled", count }, []));
    this.#outbox = new Outbox({
      position: () => ({ offset: 0, line: 0 }),
      commit: ({ position, complete, ...commit }, transfer) => this.#hand(commit, transfer),
      links: start.links,
      failed: error => this.#fail(error),
    });
  }

  /** To the end of the items, or until it is stopped. What goes wrong is told, not thrown. */
  async run(): Promise<void> {
    try {
      const parts = await partsOf(this.#start);
      try {
        await this.#send(parts);
      } finally {
        await parts.close?.();
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#failure === undefined) this.#post({ kind: "ended" }, []);
    else this.#post({ kind: "failed", error: reportOf(this.#failure.error) }, []);
  }

  told(message: ToThread): void {
    switch (message.kind) {
      case "items":
        return this.#items.give(message.items);
      case "end":
        return this.#items.end();
      case "taken":
        return this.#untaken.shift()?.();
      case "share":
        this.#share = message.share;
        return this.#apply();
      case "limits":
        this.#engine?.limits(message.changes);
        return;
      case "pause":
      case "resume":
        this.#isPaused = message.kind === "pause";
        return this.#apply();
      case "watch":
        this.#watch = { limit: message.limit, until: performance.now() + WATCHED_MS };
        return;
      case "drain":
        this.#isStopped = true;
        this.#items.end();
        return this.#engine?.drain();
      case "cancel":
        this.#isStopped = true;
        this.#items.end();
        return this.#engine?.cancel("the job was stopped");
    }
  }

  async #send({ client, perDomain, row, add }: JobThreadParts): Promise<void> {
    const { options, accepted, paths } = this.#start;
    const whole: EngineOptions = {
      ...options,
      ...(accepted === undefined ? undefined : { accept: acceptOf(accepted) }),
      ...(perDomain === undefined ? undefined : { perDomain }),
      ...(row === undefined ? undefined : { row }),
      ...(this.#share === undefined ? undefined : { concurrency: Math.max(1, this.#share.places) }),
    };
    const rows = rowsOf(whole, paths, file => this.#outbox.addFile(file));
    const ledger = new Ledger(this.#outbox, {
      rows,
      add,
      tally: new Tally({ counts: [], errorSamples: [] }),
    });
    const engine = new LocalEngine(client, whole, {
      settled: (item, task) => this.#settled(ledger, item, task),
      maybeSent: ({ item }) => this.#post({ kind: "maybe sent", line: item.line }, []),
      clientClosed: () => this.#post({ kind: "client closed" }, []),
      room: () => this.#outbox.room(),
    });
    this.#engine = engine;
    if (this.#isStopped) return;
    this.#apply();
    const timer = setInterval(() => this.#report(), REPORT_MS);
    try {
      await engine.run(this.#items);
      await this.#outbox.flush();
    } finally {
      clearInterval(timer);
      clearTimeout(this.#telling);
      this.#report();
    }
  }

  #settled(ledger: Ledger, item: PendingItem, task: SettledTask<PendingItem, Response>): void {
    if (this.#failure !== undefined) return;
    try {
      // First: the ledger may send the group off, these with it.
      this.#served.push(task.timings.served);
      for (const { durationMs } of task.attempts) this.#attempts.push(durationMs);
      ledger.settled(item, task);
      const isHungry = this.#start.links !== undefined && this.#items.size === 0;
      if (isHungry || (this.#start.tellsFailures && task.state !== "succeeded")) this.#tellSoon();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Those that fail within so short a time are told together. */
  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      void this.#outbox.flush();
    }, TOLD_WITHIN_MS);
  }

  /** Resolves when the journal has it. */
  #hand(commit: ThreadGroup["commit"], transfer: ArrayBuffer[]): Promise<void> {
    const served = Float64Array.from(this.#served);
    const attempts = Float64Array.from(this.#attempts);
    this.#served = [];
    this.#attempts = [];
    const taken = new Promise<void>(resolve => this.#untaken.push(resolve));
    const group = { commit, served, attempts };
    this.#post({ kind: "group", group }, [...transfer, served.buffer, attempts.buffer]);
    return taken;
  }

  /** A share without places is a pause. */
  #apply(): void {
    const places = this.#share?.places;
    if (places !== undefined && places > 0) this.#engine?.limits({ concurrency: places });
    if (this.#isPaused || places === 0) this.#engine?.pause();
    else this.#engine?.resume();
  }

  #report(): void {
    const engine = this.#engine;
    const report = {
      ...{ progress: engine?.progress, share: this.#share, given: this.#items.size },
      open: engine === undefined || performance.now() > this.#watch.until ? undefined : this.#open(engine),
    };
    this.#post({ kind: "report", report }, []);
  }

  #open(engine: LocalEngine): OpenLine[] {
    return engine
      .openTasks(this.#watch.limit)
      .map(({ input, ...task }) => ({ ...task, line: input.item.line }));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#items.end();
    this.#engine?.cancel(error);
    // Whoever waits for the journal would wait for ever.
    for (const resolve of this.#untaken.splice(0)) resolve();
  }
}

async function partsOf({ module, data, links }: ThreadStart): Promise<JobThreadParts> {
  const { default: make } = (await import(module)) as { default?: (data: unknown) => unknown };
  if (typeof make !== "function")
    throw new TypeError(
      `threads: ${module} has no function as its default export; expected one that gives a client`,
    );
  const parts = (await make(data)) as Partial<JobThreadParts> | undefined;
  if (typeof parts?.client?.batch !== "function")
    throw new TypeError(`threads: the function of ${module} gave no client; expected { client }`);
  if ((typeof parts.add === "function") !== (links !== undefined))
    throw new TypeError(
      links === undefined
        ? `threads: ${module} gives add, and the job does not know of it; expected threads.adds to be true`
        : `threads: ${module} gives no function add; expected one, since threads.adds is true`,
    );
  return parts as JobThreadParts;
}

function acceptOf(accepted: readonly number[]): (status: number) => boolean {
  const statuses = new Set(accepted);
  return status => statuses.has(status);
}

/** A class would arrive as a plain Error. */
function reportOf(error: unknown) {
  const { code, message, resumable, path, cause } = error as JobError;
  if (error instanceof JobError) return { code, message, resumable, path, cause };
  const text = error instanceof Error ? error.message : String(error);
  return { code: "THREAD_FAILED", message: text, resumable: true, path: undefined, cause: undefined };
}
