import { InvalidOption } from "../core/errors.ts";
import { LOG_LEVELS, type Logger } from "../core/logger.ts";

/** The loggers of a client: its own, and the one that the environment asks for. `null` and `false` turn both off. */
export function clientLoggers(
  base: readonly Logger[],
  logger: Logger | null | false | undefined,
  environment: Logger | undefined,
): readonly Logger[] {
  if (logger === undefined) return base;
  if (logger === null || logger === false) return [];
  if (typeof logger !== "object" || !LOG_LEVELS.some(level => typeof logger[level] === "function")) {
    throw new InvalidOption(
      "logger: expected an object with debug, info, warn or error, such as a pino logger or the console",
    );
  }
  return environment === undefined ? [logger] : [logger, environment];
}
