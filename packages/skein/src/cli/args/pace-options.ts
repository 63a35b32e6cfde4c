import type { Command } from "commander";
import type { BaseClient } from "../../entry/node.ts";
import { parseInteger } from "./integer.ts";
import { parsed } from "./option.ts";
import { parseSize } from "./size.ts";

/** Flags that say how much is asked of domains and of the line, as they were parsed. */
export interface PaceFlags {
  readonly perDomain?: number;
  readonly limitRate?: number;
  readonly robots?: boolean;
  readonly threads?: number;
}

const MOST = 10_000;
const MOST_THREADS = 256;

export function addPaceOptions(command: Command): Command {
  return command
    .addOption(
      parsed(
        "--per-domain <n>",
        "requests at once to all hosts of a domain, such as example.co.uk",
        (flag, value) => parseInteger(flag, value, { min: 1, max: MOST }),
      ),
    )
    .addOption(
      parsed("--limit-rate <size>", "bytes a second, of all bodies together, such as 1mb", parseSize),
    )
    .addOption(
      parsed("--threads <n>", "threads that send, each to hosts of its own (default: 1)", (flag, value) =>
        parseInteger(flag, value, { min: 1, max: MOST_THREADS }),
      ),
    )
    .option("--robots", "ask each host's robots.txt first, and heed its crawl-delay");
}

/** What a job is told of them. The list of public suffixes is loaded where it is needed. */
export async function pace({ perDomain }: PaceFlags) {
  if (perDomain === undefined) return {};
  const { siteOf } = await import("../../entry/site-of.ts");
  return { perDomain: { limit: perDomain, domainOf: siteOf } };
}

/** The client that the job is given in the place of `client`. */
export async function paced(
  client: BaseClient,
  { limitRate, robots }: PaceFlags,
  userAgent = "skein",
): Promise<BaseClient> {
  const { limitBandwidth } = await import("../../entry/node.ts");
  const slowed =
    limitRate === undefined ? client : client.with(limitBandwidth(limitRate), { after: "adaptiveLimit" });
  if (!robots) return slowed;
  const { withRobots } = await import("../robots/robots-layers.ts");
  return withRobots(slowed, userAgent);
}
