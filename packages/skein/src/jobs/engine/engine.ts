import type { BatchLimitChanges, BatchLimits, BatchProgress, OpenTask } from "../../entry/node.ts";
import type { PendingItem } from "../source/pending-item.ts";

/** What sends the items of a job: this thread, or several others. */
export interface Engine {
  /** Undefined before the run. */
  readonly progress: BatchProgress | undefined;
  /** Why it ended before its items did; undefined where it did not. */
  readonly stopReason: unknown;
  /** As `limits()` of a batch; undefined before the run, and nothing is changed then. */
  limits(changes?: BatchLimitChanges): BatchLimits | undefined;
  /** As `openTasks()` of a batch. */
  openTasks(limit: number): readonly OpenTask<PendingItem>[];
  pause(): void;
  resume(): void;
  /** Starts nothing more; what is in flight goes on. */
  drain(): void;
  cancel(reason: unknown): void;
  /** Resolves when nothing is under way any more. */
  run(items: AsyncIterable<PendingItem>): Promise<void>;
}

/** What every engine tells its job. */
export interface EngineEvents {
  /** It did not end, and a server may have seen it. */
  maybeSent(item: PendingItem): void;
  /** The client was closed: what is left can't be sent. */
  clientClosed(): void;
}
