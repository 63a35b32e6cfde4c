import type { Command } from "commander";
import { expected, UsageError } from "../exit-code.ts";
import { parseDuration } from "./duration.ts";
import { parsed } from "./option.ts";

/** Flags that say when a run ends before its list does, and in which order its rows come, as they were parsed. */
export interface EndingFlags {
  readonly maxErrors?: number | `${number}%`;
  readonly failFast?: boolean;
  readonly deadline?: number;
  readonly ordered?: boolean;
}

export function addEndingOptions(command: Command): Command {
  return command
    .addOption(parsed("--max-errors <n>", "stop when more fail than this: a number, or 5%", parseMaxErrors))
    .option("--fail-fast", "stop at the first failure")
    .addOption(parsed("--deadline <duration>", "stop this long after the start", parseDuration))
    .option("--ordered", "rows in the order of the list, not as answers come");
}

/** What a job is told of them; the deadline is whose who runs it. */
export function endings({ maxErrors, failFast, ordered }: EndingFlags) {
  if (failFast && maxErrors !== undefined)
    throw new UsageError(
      "--fail-fast stops at the first failure, so --max-errors would have no effect: leave one of them out",
    );
  const most = failFast ? 0 : maxErrors;
  return {
    ...(most === undefined ? {} : { maxErrors: most }),
    ...(ordered === undefined ? {} : { ordered }),
  };
}

/** A number of failures, or a share of what has ended. */
function parseMaxErrors(flag: string, text: string): number | `${number}%` {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (share !== undefined && Number(share) < 100) return `${Number(share)}%`;
  throw expected(flag, "a whole number, or a share below 100%, such as 5%", text);
}
