import type { Link } from "../core/chain.ts";
import type { Attempt, SkeinError } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Permit } from "../policy/circuit-breaker.ts";
import type { EventBoard } from "./batch-events.ts";
import type { WaitReason } from "./batch-options.ts";
import type { CancelledBy, FailureKind, FallbackTask, SettledTask, TaskState } from "./task.ts";
import type { BuiltItem } from "./task-deadline.ts";
import { checkTransition } from "./task-state.ts";

/** How many tasks are in each state; kept by the tasks themselves, as they move. */
export type TaskCounts = Record<TaskState, number>;

export function newCounts(): TaskCounts {
  return { pending: 0, running: 0, waiting: 0, succeeded: 0, failed: 0, cancelled: 0 };
}

/** What the tasks of a batch write into, as they move. */
export interface TaskBook<I> {
  readonly counts: TaskCounts;
  /** Where somebody asked to be told. */
  events: EventBoard<I> | undefined;
}

/** Why tasks end early. */
export interface Stop {
  readonly by: CancelledBy;
  readonly reason: unknown;
}

/** A task inside the batch, until it settles. */
export class TaskRecord<I> implements Link<TaskRecord<I>> {
  readonly id: number;
  readonly input: I;
  readonly attempts: Attempt[] = [];
  /** Where it goes; set once its request is built. */
  origin = "";
  /** The registrable domain of that, where the batch has a limit for domains. */
  domain: string | undefined;
  request: Request | undefined;
  /** Among the tasks of its origin. */
  priority = 0;
  /** When it must have ended, on the clock's monotonic time. */
  deadline = Number.POSITIVE_INFINITY;
  /** Of the attempt under way. */
  context: RequestContext | undefined;
  /** Attempts that count against the limit: all but those that were throttled. */
  counted = 0;
  /** What the next attempt costs, in tokens of its origin's purse; undefined for the first that counts. */
  retryCost: number | undefined;
  permit: Permit | undefined;
  /** When a policy of the client began to hold it back; undefined once it was sent. */
  heldSince: number | undefined;
  /** Why, while it waits. */
  waitsFor: WaitReason | undefined;
  /** And until when, on the clock's monotonic time. */
  waitsUntil = 0;
  state: TaskState = "pending";
  /** Why it is to end as soon as its attempt has. */
  stop: Stop | undefined;
  /** In flight beside it. */
  previous: TaskRecord<I> | undefined;
  next: TaskRecord<I> | undefined;
  readonly #book: TaskBook<I>;
  readonly #pulledAt: number;
  #firstStart = 0;
  #attemptStart = 0;
  #served = 0;
  /** Of its last answer. */
  #bodyBytes = 0;

  constructor(item: { id: number; input: I; now: number }, book: TaskBook<I>) {
    this.id = item.id;
    this.input = item.input;
    this.#pulledAt = item.now;
    this.#book = book;
    book.counts.pending += 1;
    book.events?.moved(this, undefined);
  }

  /** Its request has been built. */
  take({ request, timeLeft }: BuiltItem, now: number): void {
    this.request = request;
    this.deadline = now + timeLeft;
    this.origin = request.url.origin.key;
  }

  /** @param error what it ended with */
  moveTo(state: TaskState, error?: SkeinError): void {
    const { state: previous } = this;
    checkTransition(previous, state);
    const { counts, events } = this.#book;
    counts[previous] -= 1;
    counts[state] += 1;
    this.state = state;
    events?.moved(this, previous, error);
  }

  /** When its first attempt began; 0 before. */
  get firstStart(): number {
    return this.#firstStart;
  }

  /** Of the attempt that began last, the milliseconds until `now`. */
  attemptMs(now: number): number {
    return now - this.#attemptStart;
  }

  /** The next attempt costs nothing. */
  owesNothing(): void {
    if (this.retryCost !== undefined) this.retryCost = 0;
  }

  start(now: number): void {
    this.moveTo("running");
    if (this.#firstStart === 0) this.#firstStart = now;
    this.#attemptStart = now;
  }

  /** Bytes of its body in memory: those that have come so far, or all. */
  get bufferedBytes(): number {
    const { context } = this;
    return context === undefined ? this.#bodyBytes : (context.record?.receivedBytes ?? 0);
  }

  /** Writes the attempt that has just ended into the history. */
  record(
    now: number,
    outcome: { wallNow: number; response?: Response | undefined; error?: SkeinError | undefined },
  ): void {
    const durationMs = this.attemptMs(now);
    this.#served += durationMs;
    const { response, error } = outcome;
    this.#bodyBytes = response === undefined ? 0 : sizeOf(response);
    this.attempts.push({
      startedAt: outcome.wallNow - durationMs,
      durationMs,
      ...(response === undefined
        ? undefined
        : { status: response.status, reused: response.reused, bytes: this.#bodyBytes }),
      ...(error === undefined ? undefined : { error: { code: error.code, message: error.message } }),
    });
  }

  succeeded<V>(value: V, response: Response, now: number): SettledTask<I, V> {
    this.moveTo("succeeded");
    return Object.freeze({ ...this.#facts(now), state: "succeeded", value, response, error: undefined });
  }

  failed(
    failure: { kind: FailureKind; error: SkeinError; response?: Response | undefined },
    now: number,
  ): SettledTask<I, never> {
    const { kind, error, response } = failure;
    this.moveTo("failed", error);
    return Object.freeze({ ...this.#facts(now), state: "failed", kind, error, response });
  }

  /** Its failure is made good by a value; that it is no SucceededTask only the type of the batch says (TaskOf). */
  savedBy<V>(
    fallback: { readonly value: unknown },
    failure: { error: SkeinError; response: Response | undefined },
    now: number,
  ): SettledTask<I, V> {
    this.moveTo("succeeded", failure.error);
    const task: FallbackTask<I, unknown> = {
      ...this.#facts(now),
      state: "succeeded",
      fallback: true,
      value: fallback.value,
      ...failure,
    };
    return Object.freeze(task) as unknown as SettledTask<I, V>;
  }

  cancelled(by: CancelledBy, error: SkeinError, now: number): SettledTask<I, never> {
    this.moveTo("cancelled", error);
    return Object.freeze({ ...this.#facts(now), state: "cancelled", by, error, response: undefined });
  }

  /** Ends as the one with its key has. */
  endAs<V>(first: SettledTask<I, V>, now: number): SettledTask<I, V> {
    this.moveTo(first.state);
    return Object.freeze({ ...first, ...this.#facts(now), duplicateOf: first.duplicateOf ?? first.id });
  }

  #facts(now: number) {
    const queued = (this.#firstStart === 0 ? now : this.#firstStart) - this.#pulledAt;
    const served = this.#served;
    return {
      id: this.id,
      input: this.input,
      attempts: this.attempts,
      timings: { queued, waited: Math.max(0, now - this.#pulledAt - queued - served), served },
    };
  }
}

export function sizeOf(response: Response): number {
  return response.hasContent ? response.bytes().length : 0;
}
