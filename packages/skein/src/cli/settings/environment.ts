import type { Option } from "commander";
import { expected } from "../exit-code.ts";
import { isSetting, settingValue } from "./setting.ts";

/** `--per-host` is SKEIN_PER_HOST; undefined for what no variable sets. */
function variableOf(option: Option): string | undefined {
  // SKEIN_LOG is the library's: it says how much is logged.
  if (!isSetting(option) || option.attributeName() === "log") return undefined;
  return `SKEIN_${option
    .long!.slice(2)
    .replace(/[^a-z0-9]+/gi, "_")
    .toUpperCase()}`;
}

/** The value that the environment gives a flag; an empty variable is none. */
export function environmentValue(option: Option, environment: NodeJS.ProcessEnv): unknown {
  const name = variableOf(option);
  const text = name === undefined ? undefined : environment[name];
  if (name === undefined || text === undefined || text === "") return undefined;
  if (option.isBoolean()) return settingValue(option, truthOf(text, name), name);
  return settingValue(option, text.includes("\n") ? text.split("\n") : text, name);
}

function truthOf(text: string, name: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw expected(name, "1 or 0, true or false", text);
}
