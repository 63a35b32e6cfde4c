import type { DescribedCommand, DescribedOption } from "./described-program.ts";

/** For bash 4 and newer. */
export function bashCompletion(commands: readonly DescribedCommand[]): string {
  return `# Completion of skein for bash: source <(skein completion bash)
_skein() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$word"))
    return
  fi
  local flags="" files="" directories=""
  case "\${COMP_WORDS[1]}" in
${commands.map(commandCase).join("\n")}
  esac
  case " $files " in *" $before "*) COMPREPLY=($(compgen -f -- "$word")); return ;; esac
  case " $directories " in *" $before "*) COMPREPLY=($(compgen -d -- "$word")); return ;; esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _skein skein
`;
}

function commandCase({ name, options }: DescribedCommand): string {
  const chosen = options.filter(({ takes }) => typeof takes === "object");
  const choices = chosen.map(
    option =>
      `        ${namesOf(option).join("|")}) COMPREPLY=($(compgen -W "${(option.takes as string[]).join(" ")}" -- "$word")); return ;;`,
  );
  const free = namesThatTake(options, "value");
  if (free.length > 0) choices.push(`        ${free.join("|")}) return ;;`);
  return `    ${name})
      flags="${options.flatMap(namesOf).join(" ")}"
      files="${namesThatTake(options, "file").join(" ")}"
      directories="${namesThatTake(options, "directory").join(" ")}"
      case "$before" in
${choices.join("\n")}
      esac
      ;;`;
}

function namesOf({ short, long }: DescribedOption): string[] {
  return short === undefined ? [long] : [short, long];
}

function namesThatTake(options: readonly DescribedOption[], what: "file" | "directory" | "value"): string[] {
  return options.filter(({ takes }) => takes === what).flatMap(namesOf);
}
