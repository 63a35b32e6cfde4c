import type { Try, TryPhase } from "../protocol.ts";

/** A piece of an attempt's line; milliseconds from the left end. */
export interface Bar {
  /** `before`: until it began; `whole`: where nobody kept what its time was spent on. */
  readonly name: TryPhase | "before" | "whole";
  readonly fromMs: number;
  readonly ms: number;
}

/** What each attempt shows: the wait before it, then what its time was spent on. */
export function barsOf(queuedAt: number | null, tries: readonly Try[]): { bars: Bar[][]; wholeMs: number } {
  const from = Math.min(queuedAt ?? Number.POSITIVE_INFINITY, tries[0]?.startedAt ?? 0);
  let end = from;
  const bars = tries.map(attempt => {
    const start = attempt.startedAt;
    const own: Bar[] = start > end ? [{ name: "before", fromMs: end - from, ms: start - end }] : [];
    let at = start - from;
    for (const { phase, ms } of attempt.phases ?? [{ phase: "whole" as const, ms: attempt.durationMs }]) {
      own.push({ name: phase, fromMs: at, ms });
      at += ms;
    }
    end = Math.max(end, start + attempt.durationMs);
    return own;
  });
  return { bars, wholeMs: Math.max(1, end - from) };
}
