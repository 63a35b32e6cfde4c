import { redactUrls } from "../entry/redaction.ts";
import { shellWord } from "./shell-word.ts";

/** Flags that make sense once only: to go on is neither to begin anew nor to choose the failed ones again. */
const ONCE = new Set(["--fresh", "--refresh", "--retry-failed"]);
/** Flags whose value may be a secret, which must not be left on a screen or in a log. */
const SECRET = /^(-H|--header|-d|--data|--json|-u|--user|-F|--form)$/;
const SECRET_ATTACHED = /^(-H|-d|-u|-F|--header=|--data=|--json=|--user=|--form=)(?=.)/;

/** What was given to the program, and how it was started. */
export interface Invocation {
  readonly args: readonly string[];
  readonly program: "skein" | "npx skein";
}

/** How this process was started, so that the command that is printed works. */
export function invocation(): Invocation {
  return {
    args: process.argv.slice(2),
    program: process.env.npm_command === "exec" ? "npx skein" : "skein",
  };
}

/** `To go on:` and the command on a line of its own, quoted for a shell and without secrets. */
export function resumeText(
  purpose: string,
  flag?: string,
  { args, program }: Invocation = invocation(),
): string {
  const kept = args.filter(arg => !ONCE.has(arg));
  const safe = kept.map((arg, index) => hideSecret(arg, kept[index - 1]));
  const words = [program, ...safe.map(shellWord), ...(flag === undefined ? [] : [flag])];
  const hints: string[] = [];
  if (safe.some((word, index) => word !== kept[index])) hints.push("where *** stands for what is not shown");
  if (kept.includes("-")) hints.push("with the same list on standard input");
  const hint = hints.length === 0 ? "" : ` (${hints.join("; ")})`;
  return `${purpose}${hint}:\n  ${words.join(" ")}`;
}

function hideSecret(arg: string, before: string | undefined): string {
  if (before !== undefined && SECRET.test(before)) return hideValue(arg);
  const attached = SECRET_ATTACHED.exec(arg)?.[0];
  if (attached !== undefined) return attached + hideValue(arg.slice(attached.length));
  return redactUrls(arg.replace(/\/\/[^/?#]*@/, "//***@"));
}

/** A file name (`@body.json`) and a header's name stay; what may be secret doesn't. */
function hideValue(value: string): string {
  if (value.startsWith("@")) return value;
  const name = /^([\w-]+): *./.exec(value)?.[1];
  return name === undefined ? "***" : `${name}: ***`;
}
