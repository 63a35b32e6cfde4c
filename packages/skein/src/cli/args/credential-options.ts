import { type Command, Option } from "commander";
import { parseUser, type User } from "./user.ts";

/** Flags of commands that send one request, as they were parsed: who asks, and what is followed. */
export interface CredentialFlags {
  readonly user?: User;
  readonly session?: string;
  readonly location: boolean;
}

export function addCredentialOptions(command: Command): Command {
  return command
    .addOption(
      new Option("-u, --user <name:password>", "who is asking (Basic), at this URL's origin").argParser(
        parseUser,
      ),
    )
    .option("--session <file>", "take cookies from this file, and keep those that come in it")
    .addOption(new Option("-L, --location", "follow redirects, at most 20").default(true, "on"))
    .option("--no-location", "take the answer that redirects for the answer");
}
