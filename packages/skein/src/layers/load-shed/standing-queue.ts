import type { RequestContext } from "../../core/request-context.ts";
import { PriorityLine } from "../../policy/priority-line.ts";

/** A call that has been let through. */
export interface PassedCall {
  readonly context: RequestContext;
  readonly since: number;
  /** What was measured of the attempt before it, where it is a second one. */
  readonly recordBefore: RequestContext["record"];
  hasEnded: boolean;
}

/**
 * How long calls wait for their turn, in the layers inside and for a connection. As of CoDel's queue (RFC 8289) it is the time
 * that counts, not the length: a burst that is soon gone is no overload, a queue that stands is.
 */
export class StandingQueue {
  readonly #line = new PriorityLine<PassedCall>();

  /** Calls that are remembered; those that were sent are forgotten when they are met. */
  get size(): number {
    return this.#line.size;
  }

  pass(context: RequestContext, now: number): PassedCall {
    const call = { context, since: now, recordBefore: context.record, hasEnded: false };
    this.#line.push(call, context.priority);
    return call;
  }

  /** How long one of this priority, or of a higher one, has waited for its turn and waits still. */
  waited(priority: number, now: number): number {
    let longest = 0;
    for (const call of this.#line.heads(priority, hasGone)) longest = Math.max(longest, now - call.since);
    return longest;
  }
}

function hasGone({ context, recordBefore, hasEnded }: PassedCall): boolean {
  if (hasEnded) return true;
  if (context.stage === "waiting") return false;
  const { record } = context;
  // A transport without connections of ours keeps no record: a call that no layer holds back is with it.
  return record === undefined || record === recordBefore || record.dispatchedAt > 0;
}
