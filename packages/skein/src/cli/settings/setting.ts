import type { Option } from "commander";
import { UsageError } from "../exit-code.ts";

/**
 * Flags that are of one call alone: as a standing setting they would do harm (`--fresh`), or make no sense. `--log` is no
 * variable, since SKEIN_LOG is the library's own.
 */
const OF_ONE_CALL = new Set(
  "config fresh refresh retryFailed force dryRun curl showSecrets first output data json form method sha256 where formulas".split(
    " ",
  ),
);

export function isSetting(option: Option): boolean {
  return !OF_ONE_CALL.has(option.attributeName()) && !option.negate;
}

/** Whether its value is given once more with each mention, as with `-H`. */
const REPEATED = new Set(["header", "resolve"]);

/**
 * What a flag's parser makes of a value that was not typed on the command line.
 *
 * @param place where it stands, for the message
 * @throws UsageError naming the place, and what was expected; never a secret
 */
export function settingValue(option: Option, value: unknown, place: string): unknown {
  if (option.isBoolean()) {
    if (typeof value === "boolean") return value;
    throw new UsageError(`${place}: expected true or false`);
  }
  const isRepeated = REPEATED.has(option.attributeName());
  if (isRepeated)
    return textsOf(value, place).reduce<unknown>(
      (before, text) => parse(option, { text, before }, place),
      undefined,
    );
  if (typeof value !== "string" && typeof value !== "number")
    throw new UsageError(`${place}: expected a text or a number`);
  return parse(option, { text: String(value), before: undefined }, place);
}

/** One text, several, or an object of names and values. */
function textsOf(value: unknown, place: string): string[] {
  const entries =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([name, text]) => (typeof text === "string" ? `${name}: ${text}` : text))
      : [value].flat();
  if (entries.every(entry => typeof entry === "string")) return entries;
  throw new UsageError(`${place}: expected texts`);
}

function parse(option: Option, { text, before }: { text: string; before: unknown }, place: string): unknown {
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, before);
  } catch (error) {
    const said = (error as Error).message;
    // Which flag it would have been is in the place already.
    throw new UsageError(`${place}: ${said.replace(/^(-\w, )?--[\w.-]+: /, "")}`);
  }
}
