import { type SkeinError, TimeoutError } from "../core/errors.ts";
import type { Response } from "../core/response.ts";
import { decideRetry } from "../policy/retry.ts";
import { retryCost } from "../policy/retry-budget.ts";
import type { WaitReason } from "./batch-options.ts";
import { tellWhy } from "./task-deadline.ts";
import type { TaskRecord } from "./task-record.ts";

export interface AfterAttempt {
  readonly response: Response | undefined;
  readonly retryAfterMs: number | undefined;
  readonly now: number;
}

/** Until when a task waits, and what for. */
export interface Wait {
  readonly until: number;
  readonly why: WaitReason;
}

/** Until when the task waits for another attempt; undefined when it has failed, and the error says why. */
export function waitAfterFailure<I>(
  task: TaskRecord<I>,
  failure: SkeinError,
  { retryAfterMs, now, attempts, random }: AfterAttempt & { attempts: number; random: number },
): Wait | undefined {
  // By the batch's own clock: the error has asked the wall's.
  failure.retryAfterMs = retryAfterMs ?? failure.retryAfterMs;
  const { counted: attempt, deadline } = task;
  const request = task.request!;
  const decision = decideRetry({ attempt, attempts, request, failure, now, deadline, random });
  if (decision.retry) {
    task.retryCost = retryCost(failure instanceof TimeoutError);
    return { until: now + decision.delayMs, why: decision.why };
  }
  if (decision.why === "deadline") tellWhy(failure, decision.because);
  return undefined;
}

/** Why a task does not wait until its origin may be asked again; undefined when it does. */
export function refusalToWait<I>(
  task: TaskRecord<I>,
  response: Response,
  { until, attempts }: { until: number | undefined; attempts: number },
): SkeinError | undefined {
  const isRepeatable = task.request!.isIdempotent && task.request!.isReplayable && attempts > 1;
  if (until !== undefined && until < task.deadline && isRepeatable) return undefined;
  const error = response.toStatusError();
  if (until !== undefined && isRepeatable)
    tellWhy(error, "its deadline comes before the origin may be asked again");
  return error;
}
