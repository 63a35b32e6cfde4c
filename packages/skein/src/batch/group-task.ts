import { AbortError, isSkeinError } from "../core/errors.ts";
import { cancelCall, startCall } from "./started-call.ts";
import type { TaskState } from "./task.ts";
import { checkTransition } from "./task-state.ts";

/** Starts work, and heeds the signal: what it returns is waited for, also after the signal has aborted. */
export type TaskFunction<T> = (signal: AbortSignal) => PromiseLike<T> | T;

/** Where a task of a group is: it never waits, for a group tries nothing again. */
export type GroupTaskState = Exclude<TaskState, "waiting">;

/** How a task ended: `failed` when it rejected with something other than its own cancellation. */
export type TaskEnd =
  | { readonly state: "succeeded" }
  | { readonly state: "failed" | "cancelled"; readonly error: unknown };

/**
 * What `group.run` returns: a promise of the task's result. That it rejects need not be heeded: the group tells of it at
 * its end.
 */
export class GroupTask<T> extends Promise<T> {
  readonly #run: TaskRun<T>;

  /** Made by the group. */
  constructor(run: TaskRun<T>) {
    super((resolve, reject) => run.settleBy({ resolve, reject }));
    this.#run = run;
    this.then(undefined, () => undefined);
  }

  /** `pending` until the group's limit lets it begin. */
  get state(): GroupTaskState {
    return this.#run.state;
  }

  /** Stops this task alone: it rejects with AbortError, and the group goes on. Does nothing once it has ended. */
  cancel(reason?: unknown): void {
    this.#run.cancel(reason);
  }
}

// As of `ResponsePromise`: `await` and `then` make no more of our kind.
Object.defineProperty(GroupTask.prototype, "constructor", {
  value: Promise,
  configurable: true,
  writable: true,
});

interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** One run of a task's function, as its group sees it. */
export class TaskRun<T> {
  state: GroupTaskState = "pending";
  /** Whether its function was called. */
  hasBegun = false;
  readonly #function: TaskFunction<T>;
  readonly #onEnd: (run: TaskRun<T>, end: TaskEnd) => void;
  readonly #controller = new AbortController();
  #settle: Settle<T> | undefined;
  #call: PromiseLike<T> | undefined;

  constructor(run: TaskFunction<T>, onEnd: (run: TaskRun<T>, end: TaskEnd) => void) {
    this.#function = run;
    this.#onEnd = onEnd;
  }

  settleBy(settle: Settle<T>): void {
    this.#settle = settle;
  }

  start(): void {
    this.#moveTo("running");
    this.hasBegun = true;
    this.#call = startCall(this.#function, this.#controller.signal);
    // It was cancelled from within its function, before there was a call to stop.
    if (this.#controller.signal.aborted) cancelCall(this.#call, this.#controller.signal.reason);
    this.#call.then(
      value => this.#end({ state: "succeeded" }, settle => settle.resolve(value)),
      error => this.#failed(error),
    );
  }

  cancel(reason: unknown): void {
    if (this.#controller.signal.aborted) return;
    if (this.state !== "pending" && this.state !== "running") return;
    const isPending = this.state === "pending";
    // Before anybody hears of it: what listens may cancel, or run, something else.
    this.#controller.abort(reason);
    if (isPending) this.#cancelled(new AbortError(this.#controller.signal.reason));
    else cancelCall(this.#call, reason);
  }

  #failed(error: unknown): void {
    const { aborted, reason } = this.#controller.signal;
    if (!aborted || !isCancellation(error, reason))
      return this.#end({ state: "failed", error }, settle => settle.reject(error));
    this.#cancelled(isAbort(error) ? error : new AbortError(reason));
  }

  #cancelled(error: unknown): void {
    this.#end({ state: "cancelled", error }, settle => settle.reject(error));
  }

  #end(end: TaskEnd, settle: (settle: Settle<T>) => void): void {
    this.#moveTo(end.state);
    settle(this.#settle!);
    this.#onEnd(this, end);
  }

  #moveTo(state: GroupTaskState): void {
    checkTransition(this.state, state);
    this.state = state;
  }
}

/** So deep the cause of an error is looked for. */
const MOST_CAUSES = 10;

/** Whether an error is what became of a cancellation, and no failure of its own. */
export function isCancellation(error: unknown, reason: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < MOST_CAUSES; depth++) {
    if (cause === reason || isAbort(cause)) return true;
    if (!(cause instanceof Error)) return false;
    cause = cause.cause;
  }
  return false;
}

/** Ours, or the platform's. */
function isAbort(error: unknown): boolean {
  if (isSkeinError(error)) return error.code === "ABORTED";
  return error instanceof Error && error.name === "AbortError";
}
