import type { Command } from "commander";
import { parseDuration } from "./duration.ts";
import { parseInteger } from "./integer.ts";
import { parsed } from "./option.ts";
import { parseStatusSet, type StatusSet } from "./status-set.ts";

/** Flags that say how often a request is tried, as they were parsed. */
export interface RetryingFlags {
  readonly attempts: number;
  readonly retryOn?: StatusSet;
  readonly retryMaxTime?: number;
  readonly hedge?: boolean;
}

const MOST_ATTEMPTS = 10_000;
const STATUSES = Array.from({ length: 400 }, (_, index) => 200 + index);

export function addRetryOptions(command: Command): Command {
  return command
    .addOption(
      parsed("--attempts <n>", "attempts in all, for what is safe to repeat", (flag, value) =>
        parseInteger(flag, value, { min: 1, max: MOST_ATTEMPTS }),
      ).default(3),
    )
    .addOption(
      parsed(
        "--retry-on <list>",
        "which statuses are tried again (default: 408,425,429,500,502-504,521,522,524)",
        parseStatusSet,
      ),
    )
    .addOption(
      parsed(
        "--retry-max-time <duration>",
        "no further attempt later than this after a request's first",
        parseDuration,
      ),
    )
    .option("--hedge", "ask a second time where an answer takes unusually long, and take the first");
}

/** What a job is told of them. */
export function retrying({ attempts, retryOn, retryMaxTime }: RetryingFlags) {
  return {
    attempts,
    ...(retryOn === undefined ? {} : { retryOn: STATUSES.filter(retryOn) }),
    ...(retryMaxTime === undefined ? {} : { retryMaxTime }),
  };
}
