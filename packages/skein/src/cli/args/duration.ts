import { expected, UsageError } from "../exit-code.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * A duration in milliseconds. A bare number is refused: curl would take it as seconds and our own library as
 * milliseconds, and a guess that is wrong by a thousand is worse than a question.
 */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (match !== null && match[2] === undefined) {
    throw new UsageError(
      `${flag}: ${text} of what? Write ${match[1]}s for seconds, ${match[1]}ms for milliseconds`,
    );
  }
  const milliseconds = match === null ? 0 : Number(match[1]) * UNITS[match[2] as string]!;
  if (milliseconds >= 1 && milliseconds <= 24 * UNITS.h!) return milliseconds;
  throw expected(flag, "a duration from 1ms to 24h, such as 500ms, 30s or 2m", text);
}
