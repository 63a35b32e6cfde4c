/** Any logger of the usual shape: pino's, the console, winston's … A level whose method it lacks is not logged. */
export interface Logger {
  debug?(...data: unknown[]): void;
  info?(...data: unknown[]): void;
  warn?(...data: unknown[]): void;
  error?(...data: unknown[]): void;
  /** Where it has one (pino, winston), levels that are off cost nothing; asked once, when the client is made. */
  isLevelEnabled?(level: string): boolean;
  /** pino's: then fields go first, and the line after them. */
  bindings?(): object;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** A line for people, and for loggers that keep fields (pino) also these. */
export function log(logger: Logger, level: LogLevel, entry: { line: string; fields: object }): void {
  if (typeof logger.bindings === "function") logger[level]?.(entry.fields, entry.line);
  else logger[level]?.(entry.line);
}

/** Whether lines of this level come to anything. */
export function logs(logger: Logger, level: LogLevel): boolean {
  return typeof logger[level] === "function" && logger.isLevelEnabled?.(level) !== false;
}
