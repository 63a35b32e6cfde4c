import type { Command, Option } from "commander";

/** What a shell can be told of a program. */
export interface DescribedCommand {
  readonly name: string;
  readonly text: string;
  readonly options: readonly DescribedOption[];
}

export interface DescribedOption {
  /** With their hyphens. */
  readonly short: string | undefined;
  readonly long: string;
  readonly text: string;
  readonly takes: "nothing" | "file" | "directory" | "value" | readonly string[];
}

/** The commands of a program and their flags, as a completion needs them. */
export function describeProgram(program: Command): DescribedCommand[] {
  return program.commands.map(command => ({
    name: command.name(),
    text: command.description(),
    options: [...command.options.map(describeOption), HELP],
  }));
}

const HELP: DescribedOption = { short: "-h", long: "--help", text: "print this help", takes: "nothing" };

function describeOption({ short, long, description, argChoices, flags }: Option): DescribedOption {
  return { short: short ?? undefined, long: long!, text: description, takes: takesOf(flags, argChoices) };
}

function takesOf(flags: string, choices: readonly string[] | undefined): DescribedOption["takes"] {
  const value = /<(.+)>/.exec(flags)?.[1];
  if (value === undefined) return "nothing";
  if (choices !== undefined) return choices;
  if (value === "file") return "file";
  return value === "dir" ? "directory" : "value";
}
