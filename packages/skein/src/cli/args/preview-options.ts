import type { Command } from "commander";
import { UsageError } from "../exit-code.ts";

/** Flags that show what would be sent, and send nothing; as they were parsed. */
export interface PreviewFlags {
  readonly dryRun?: boolean;
  readonly curl?: boolean;
  readonly showSecrets?: boolean;
}

/** @throws UsageError */
export function checkPreview({ dryRun, curl, showSecrets }: PreviewFlags): void {
  if (dryRun && curl)
    throw new UsageError(
      "--dry-run and --curl each print the request in their own way: leave one of them out",
    );
  if (showSecrets && !dryRun && !curl)
    throw new UsageError("--show-secrets is for --dry-run and --curl: give one of them, too");
}

export function addPreviewOptions(command: Command): Command {
  return command
    .option("--dry-run", "print what would be sent, and send nothing")
    .option("--curl", "print it as a curl command that sends the same, and send nothing")
    .option("--show-secrets", "with --dry-run and --curl: credentials, too, which are *** otherwise");
}
