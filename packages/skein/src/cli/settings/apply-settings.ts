import type { Command } from "commander";
import { readConfig } from "./config-file.ts";
import { environmentValue } from "./environment.ts";

/**
 * Gives the flags of a command that were not typed their values: from the environment, else from the config file, else they keep
 * their defaults.
 *
 * @throws UsageError naming the variable, or the file and the place in it
 */
export async function applySettings(command: Command, program: Command): Promise<void> {
  const { config: given } = command.opts<{ config?: string | boolean }>();
  const named = typeof given === "string" ? given : process.env.SKEIN_CONFIG || undefined;
  const config = given === false ? undefined : await readConfig(named, program);
  for (const option of command.options) {
    const name = option.attributeName();
    if (option.negate || command.getOptionValueSource(name) === "cli") continue;
    const fromEnvironment = environmentValue(option, process.env);
    const value = fromEnvironment ?? config?.value(command, option);
    if (value !== undefined)
      command.setOptionValueWithSource(name, value, fromEnvironment === undefined ? "config" : "env");
  }
}
