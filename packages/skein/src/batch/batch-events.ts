import type { Clock } from "../core/clock.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import type { SkeinError } from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import type { WaitReason } from "./batch-options.ts";
import type { TaskState } from "./task.ts";

/** A task of a batch has come to another state. */
export interface TaskEvent<I> {
  readonly type: "task";
  /** Its number in the input, from 0. */
  readonly id: number;
  readonly input: I;
  readonly state: TaskState;
  /** Undefined for one that was just taken from the input. */
  readonly previous: TaskState | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** What one that waits now waits for, and until when at least, in milliseconds since the Unix epoch. */
  readonly waiting: { readonly why: WaitReason; readonly until: number } | undefined;
  /** What a task that failed or was cancelled ended with. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
}

/** So many events before the next one were let go of, because they were not read in time. */
export interface MissedEvents {
  readonly type: "missed";
  readonly count: number;
}

export type BatchEvent<I> = TaskEvent<I> | MissedEvents;

/** What an event is made of. */
interface Moved<I> {
  readonly id: number;
  readonly input: I;
  readonly state: TaskState;
  readonly waitsFor: WaitReason | undefined;
  /** On the clock's monotonic time. */
  readonly waitsUntil: number;
}

/** Tells those who read of every move of a task. A reader that is slow holds up nobody: it misses some, and is told how many. */
export class EventBoard<I> {
  readonly #clock: Clock;
  readonly #readers = new Set<EventReader<I>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(buffer: number): AsyncIterableIterator<BatchEvent<I>> {
    const reader = new EventReader<I>(buffer, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }

  moved(task: Moved<I>, previous: TaskState | undefined, failure?: SkeinError): void {
    if (this.#readers.size === 0) return;
    const { id, input, state } = task;
    const at = this.#clock.wallNow();
    const error = failure && Object.freeze({ code: failure.code, message: failure.message });
    const event = Object.freeze({
      type: "task" as const,
      id,
      input,
      state,
      previous,
      at,
      waiting: this.#waitOf(task, at),
      error,
    });
    for (const reader of this.#readers) reader.push(event);
  }

  #waitOf({ state, waitsFor: why, waitsUntil }: Moved<I>, at: number): TaskEvent<I>["waiting"] {
    if (state !== "waiting" || why === undefined) return undefined;
    return Object.freeze({ why, until: at + Math.max(0, waitsUntil - this.#clock.now()) });
  }

  /** There are no more tasks. */
  end(): void {
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}

class EventReader<I> implements AsyncIterableIterator<BatchEvent<I>> {
  readonly #bound: number;
  readonly #left: () => void;
  readonly #events = new Fifo<TaskEvent<I>>();
  readonly #waiting = new Fifo<(result: IteratorResult<BatchEvent<I>>) => void>();
  #missed = 0;
  #ended = false;

  constructor(bound: number, left: () => void) {
    this.#bound = bound;
    this.#left = left;
  }

  push(event: TaskEvent<I>): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting({ done: false, value: event });
    this.#events.push(event);
    if (this.#events.size <= this.#bound) return;
    this.#events.shift();
    this.#missed += 1;
  }

  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting) waiting(OVER);
    this.#waiting.clear();
  }

  next(): Promise<IteratorResult<BatchEvent<I>>> {
    const value = this.#take();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve(OVER);
    return new Promise(resolve => {
      this.#waiting.push(resolve);
    });
  }

  /** The reader wants no more. */
  return(): Promise<IteratorResult<BatchEvent<I>>> {
    this.#left();
    this.end();
    this.#events.clear();
    this.#missed = 0;
    return Promise.resolve(OVER);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): BatchEvent<I> | undefined {
    if (this.#missed === 0) return this.#events.shift();
    const missed = Object.freeze({ type: "missed", count: this.#missed } as const);
    this.#missed = 0;
    return missed;
  }
}

const OVER: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
