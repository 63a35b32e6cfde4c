import type { Command } from "commander";
import { parseInteger } from "./integer.ts";
import { parsed } from "./option.ts";

/** Flags that say how much is asked of domains and of the line, as they were parsed. */
export interface PaceFlags {
  readonly perDomain?: number;
}

const MOST = 10_000;

export function addPaceOptions(command: Command): Command {
  return command.addOption(
    parsed(
      "--per-domain <n>",
      "requests at once to all hosts of a domain, such as example.co.uk",
      (flag, value) => parseInteger(flag, value, { min: 1, max: MOST }),
    ),
  );
}

/** What a job is told of them. The list of public suffixes is loaded where it is needed. */
export async function pace({ perDomain }: PaceFlags) {
  if (perDomain === undefined) return {};
  const { siteOf } = await import("../../entry/site-of.ts");
  return { perDomain: { limit: perDomain, domainOf: siteOf } };
}
