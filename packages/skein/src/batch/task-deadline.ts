import { type SkeinError, TotalTimeout } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import { type CallSettings, RequestContext } from "../core/request-context.ts";

/** The request of an item, and the milliseconds that its task has in all; `Infinity` where there is no end. */
export interface BuiltItem {
  readonly request: Request;
  readonly timeLeft: number;
}

/** What an attempt is made with. */
export function contextOf(
  task: { readonly deadline: number; readonly attempts: readonly unknown[] },
  settings: CallSettings,
  now: number,
): RequestContext {
  const call = callWithin(settings, task.deadline - now);
  const context = new RequestContext(call);
  context.deadline = now + call.timeouts.total;
  context.attempt = task.attempts.length + 1;
  return context;
}

/** Where its task has only so much time left. */
function callWithin(call: CallSettings, left: number): CallSettings {
  return left >= call.timeouts.total ? call : { ...call, timeouts: { ...call.timeouts, total: left } };
}

export function outOfTime(): TotalTimeout {
  return new TotalTimeout("TOTAL_TIMEOUT", "its deadline passed while it waited for its turn", {
    phase: "queue",
    requestSent: "none",
  });
}

/** Nobody would guess it: there were attempts left. */
export function tellWhy(error: SkeinError, because: string): void {
  error.reason += `; not tried again: ${because}`;
  error.message += `; not tried again: ${because}`;
}
