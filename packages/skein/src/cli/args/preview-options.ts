import type { Command } from "commander";
import { expected, UsageError } from "../exit-code.ts";
import { parsed } from "./option.ts";

/** Flags that show what would be sent, and send nothing; as they were parsed. */
export interface PreviewFlags {
  readonly dryRun?: boolean;
  readonly curl?: boolean;
  readonly showSecrets?: boolean;
}

/** Of a list, only its first requests are shown. */
export interface ListPreviewFlags extends PreviewFlags {
  readonly first?: number;
}

/** @throws UsageError */
export function checkPreview({ dryRun, curl, showSecrets, first }: ListPreviewFlags): void {
  if (dryRun && curl)
    throw new UsageError(
      "--dry-run and --curl each print the request in their own way: leave one of them out",
    );
  if (showSecrets && !dryRun && !curl)
    throw new UsageError("--show-secrets is for --dry-run and --curl: give one of them, too");
  if (first !== undefined && !dryRun && !curl)
    throw new UsageError("--first is for --dry-run and --curl: give one of them, too");
}

export function addPreviewOptions(command: Command): Command {
  return command
    .option("--dry-run", "print what would be sent, and send nothing")
    .option("--curl", "print it as a curl command that sends the same, and send nothing")
    .option("--show-secrets", "with --dry-run and --curl: credentials, too, which are *** otherwise");
}

export function addListPreviewOptions(command: Command): Command {
  return addPreviewOptions(command).addOption(
    parsed("--first <n|all>", "with --dry-run and --curl: how many requests (default: 10)", parseFirst),
  );
}

function parseFirst(flag: string, text: string): number {
  if (text === "all") return Number.POSITIVE_INFINITY;
  const count = Number(text);
  if (/^\d{1,12}$/.test(text) && count > 0) return count;
  throw expected(flag, "a whole number from 1 on, or all", text);
}
