import type { Attempt, SkeinError } from "../core/errors.ts";
import type { Response } from "../core/response.ts";

/** Where a task is. The transitions between them are a table: task-state.ts. */
export type TaskState = "pending" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";

/** What kind of failure ended a task. */
export type FailureKind = "status" | "network" | "timeout" | "policy" | "body" | "handler";

/** Who cancelled a task. */
export type CancelledBy = "user" | "sibling" | "group" | "deadline" | "shutdown";

/** Milliseconds that a task spent. */
export interface TaskTimings {
  /** From being pulled from the input to its first attempt. */
  readonly queued: number;
  /** Waiting between attempts. */
  readonly waited: number;
  /** In attempts. */
  readonly served: number;
}

interface Settled<I> {
  /** Its number in the input, from 0. */
  readonly id: number;
  readonly input: I;
  /** The number of the task with the same `key`, whose outcome this one has: nothing was sent for it. */
  readonly duplicateOf?: number;
  /** Every attempt, oldest first. A 429 is listed, but not counted against the limit of attempts. */
  readonly attempts: readonly Attempt[];
  readonly timings: TaskTimings;
}

export interface SucceededTask<I, V> extends Settled<I> {
  readonly state: "succeeded";
  readonly fallback?: undefined;
  /** What `parse` made of the response; the response itself without `parse`. */
  readonly value: V;
  readonly response: Response;
  readonly error: undefined;
}

/** A task that failed, where the batch's `fallback` gave a value for it. */
export interface FallbackTask<I, V> extends Settled<I> {
  readonly state: "succeeded";
  readonly fallback: true;
  /** What `fallback` returned. */
  readonly value: V;
  /** What it failed with. */
  readonly error: SkeinError;
  /** As of a failed task. */
  readonly response: Response | undefined;
}

export interface FailedTask<I> extends Settled<I> {
  readonly state: "failed";
  readonly kind: FailureKind;
  readonly error: SkeinError;
  /** The response, where one was received whole (a refused status, a `parse` that threw). */
  readonly response: Response | undefined;
}

export interface CancelledTask<I> extends Settled<I> {
  readonly state: "cancelled";
  readonly by: CancelledBy;
  readonly error: SkeinError;
  readonly response: undefined;
}

/** A task that has ended: frozen, and narrowed by its `state`. */
export type SettledTask<I, V> = SucceededTask<I, V> | FailedTask<I> | CancelledTask<I>;

/** A settled task of a batch whose `fallback` returns an `F`; `never` where it has none. */
export type TaskOf<I, V, F> = SettledTask<I, V> | ([F] extends [never] ? never : FallbackTask<I, F>);
