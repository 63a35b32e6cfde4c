import { type JobEnding, retryItems } from "../../entry/jobs.ts";
import type { Where } from "../args/where.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { formatCount } from "../render/format-number.ts";

/** The flags of `skein retry`, as they were parsed. */
export interface RetryFlags {
  readonly where?: Where<JobEnding>;
}

const FAILED: Where<JobEnding> = ({ state }) => state === "failed";

/** `skein retry`: items of a job are pending again; the command that began it sends them. */
export async function retryCommand(output: string, flags: RetryFlags): Promise<ExitCode> {
  const count = await retryItems(output, flags.where ?? FAILED);
  const said =
    count === 0
      ? "No item ended so: nothing was changed."
      : `${formatCount(count)} ${count === 1 ? "item is" : "items are"} pending again. The command that began the job sends ${count === 1 ? "it" : "them"}.`;
  process.stdout.write(`${said}\n`);
  return EXIT.ok;
}
