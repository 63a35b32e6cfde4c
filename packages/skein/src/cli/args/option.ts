import { Option } from "commander";
import { UsageError } from "../exit-code.ts";

/** An option with a parser that is told how to name it in a message. */
export function parsed<T>(flags: string, text: string, parse: (flag: string, value: string) => T): Option {
  return new Option(flags, text).argParser(value => parse(nameOf(flags), value));
}

/** A second one would silently replace the first: so it is refused. */
export function once(flags: string, text: string): Option {
  return new Option(flags, text).argParser((value, before: string | undefined) => {
    if (before === undefined) return value;
    throw new UsageError(`${nameOf(flags)} was given twice; a request has one body`);
  });
}

/** `-j, --concurrency <n>` is called `-j, --concurrency` in messages. */
function nameOf(flags: string): string {
  return flags.replace(/ <.*$/, "");
}

/** For an option that may be given again. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
