import { formatDuration } from "../core/duration.ts";
import { type SkeinError, TimeoutError } from "../core/errors.ts";
import type { Response } from "../core/response.ts";
import { decideRetry } from "../policy/retry.ts";
import { retryCost } from "../policy/retry-budget.ts";
import type { WaitReason } from "./batch-options.ts";
import type { BatchSettings } from "./batch-settings.ts";
import { tellWhy } from "./task-deadline.ts";
import type { TaskRecord } from "./task-record.ts";

/** How often, how long and after what a task is tried again. */
type RetryRules = Pick<BatchSettings, "attempts" | "retryOn" | "retryMaxTime">;

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
  { retryAfterMs, now, rules, random }: AfterAttempt & { rules: RetryRules; random: number },
): Wait | undefined {
  // By the batch's own clock: the error has asked the wall's.
  failure.retryAfterMs = retryAfterMs ?? failure.retryAfterMs;
  const { counted: attempt, deadline } = task;
  const request = task.request!;
  const { attempts, retryOn } = rules;
  const decision = decideRetry({ attempt, attempts, retryOn, request, failure, now, deadline, random });
  if (decision.retry) {
    const tooLate = whyTooLate(task, now + decision.delayMs, rules);
    if (tooLate !== undefined) {
      tellWhy(failure, tooLate);
      return undefined;
    }
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
  { until, rules }: { until: number | undefined; rules: RetryRules },
): SkeinError | undefined {
  const { attempts, retryOn } = rules;
  const isWanted = attempts > 1 && retryOn?.has(response.status) !== false;
  const isRepeatable = task.request!.isIdempotent && task.request!.isReplayable && isWanted;
  if (until === undefined || !isRepeatable) return response.toStatusError();
  const tooLate =
    until < task.deadline
      ? whyTooLate(task, until, rules)
      : "its deadline comes before the origin may be asked again";
  if (tooLate === undefined) return undefined;
  const error = response.toStatusError();
  tellWhy(error, tooLate);
  return error;
}

/** Why the next attempt would be one too many, if it began then. */
function whyTooLate<I>(
  { firstStart }: TaskRecord<I>,
  at: number,
  { retryMaxTime }: RetryRules,
): string | undefined {
  if (at - firstStart <= retryMaxTime) return undefined;
  return `the next attempt would begin later than ${formatDuration(retryMaxTime)} after the first`;
}
