import type { DescribedCommand, DescribedOption } from "./described-program.ts";

/** For zsh, with its completion system loaded (compinit). */
export function zshCompletion(commands: readonly DescribedCommand[]): string {
  return `#compdef skein
# Completion of skein for zsh: source <(skein completion zsh)
_skein() {
  local -a commands
  commands=(
${commands.map(({ name, text }) => `    ${quoted(`${name}:${text}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'command of skein' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
compdef _skein skein
`;
}

function commandCase({ name, options }: DescribedCommand): string {
  const specs = options.flatMap(specsOf).map(spec => `        ${spec} \\`);
  return `    ${name})
      _arguments \\
${specs.join("\n")}
        '*:file or URL:_files'
      ;;`;
}

function specsOf(option: DescribedOption): string[] {
  const { short, long, text } = option;
  const names = short === undefined ? [long] : [short, long];
  const about = `[${text.replace(/[[\]]/g, "\\$&")}]${actionOf(option.takes)}`;
  return names.map(name => quoted(`*${name}${about}`));
}

function actionOf(takes: DescribedOption["takes"]): string {
  if (takes === "nothing") return "";
  if (typeof takes === "object") return `:value:(${takes.join(" ")})`;
  if (takes === "value") return ":value: ";
  return takes === "file" ? ":file:_files" : ":directory:_files -/";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
