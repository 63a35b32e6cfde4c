import type { Command } from "commander";

/** Flags that show what would be sent, and send nothing; as they were parsed. */
export interface PreviewFlags {
  readonly dryRun?: boolean;
  readonly curl?: boolean;
  readonly showSecrets?: boolean;
}

export function addPreviewOptions(command: Command): Command {
  return command
    .option("--dry-run", "print what would be sent, and send nothing")
    .option("--curl", "print it as a curl command that sends the same, and send nothing")
    .option("--show-secrets", "with --dry-run and --curl: credentials, too, which are *** otherwise");
}
