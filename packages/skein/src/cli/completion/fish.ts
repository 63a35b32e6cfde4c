import type { DescribedCommand, DescribedOption } from "./described-program.ts";

export function fishCompletion(commands: readonly DescribedCommand[]): string {
  const lines = [
    "# Completion of skein for fish: skein completion fish | source",
    ...commands.map(
      ({ name, text }) => `complete -c skein -f -n __fish_use_subcommand -a ${name} -d ${quoted(text)}`,
    ),
    ...commands.flatMap(({ name, options }) => options.map(option => optionLine(name, option))),
  ];
  return `${lines.join("\n")}\n`;
}

function optionLine(command: string, { short, long, text, takes }: DescribedOption): string {
  const names = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  const condition = quoted(`__fish_seen_subcommand_from ${command}`);
  return `complete -c skein -n ${condition} ${names.join(" ")}${valuePart(takes)} -d ${quoted(text)}`;
}

function valuePart(takes: DescribedOption["takes"]): string {
  if (takes === "nothing") return "";
  if (typeof takes === "object") return ` -x -a ${quoted(takes.join(" "))}`;
  if (takes === "value") return " -x";
  return takes === "file" ? " -r -F" : " -x -a '(__fish_complete_directories)'";
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
