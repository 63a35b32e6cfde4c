import type { Command } from "commander";
import { bashCompletion } from "../completion/bash.ts";
import { describeProgram } from "../completion/described-program.ts";
import { fishCompletion } from "../completion/fish.ts";
import type { Shell } from "../completion/shells.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** `skein completion bash`: the script that makes the shell complete commands and flags. */
export function completionCommand(shell: Shell, program: Command): ExitCode {
  process.stdout.write(WRITERS[shell](describeProgram(program)));
  return EXIT.ok;
}
