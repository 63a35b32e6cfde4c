import { type Logger, log, logs } from "../../core/logger.ts";
import type { Trace, TraceInfo } from "../../core/trace.ts";

/** A trace that writes each step as a line at `debug`; undefined when no logger takes them. */
export function wireLog(loggers: readonly Logger[]): Trace | undefined {
  const takers = loggers.filter(logger => logs(logger, "debug"));
  if (takers.length === 0) return undefined;
  return ({ name, info }) => {
    const entry = { line: `${name}${describe(info)}`, fields: { event: name, ...info } };
    for (const logger of takers) log(logger, "debug", entry);
  };
}

function describe(info: TraceInfo): string {
  return Object.entries(info)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
}
