import { closeSync, openSync, realpathSync, writeSync } from "node:fs";
import type { Logger } from "../../entry/node.ts";
import { FileError, UsageError } from "../exit-code.ts";

/** So much is written at once. */
const BLOCK_CHARS = 65_536;
/** And what there is after so long: for who looks on. */
const FLUSH_MS = 500;

/** A log of requests in a file: a line of JSON for each, at its end, without credentials. What the file holds already stays. */
export class RequestLog implements Logger {
  readonly #path: string;
  #file: number | undefined;
  #lines = "";
  #timer: NodeJS.Timeout | undefined;

  /** @throws FileError when it can't be written */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, "a");
    } catch (error) {
      throw new FileError(`--log: can't write ${path}: ${(error as Error).message}`);
    }
  }

  isLevelEnabled(level: string): boolean {
    return level !== "debug";
  }

  /** So that fields come, and not only a line for people. */
  bindings(): object {
    return {};
  }

  info(fields: object): void {
    this.#add("info", fields);
  }

  error(fields: object): void {
    this.#add("error", fields);
  }

  close(): void {
    this.#flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #add(level: string, fields: object): void {
    this.#lines += `${JSON.stringify({ time: new Date().toISOString(), level, ...fields })}\n`;
    if (this.#lines.length >= BLOCK_CHARS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  /** A log that can't be written is no reason to stop; but nobody shall take half of it for all. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const bytes = Buffer.from(this.#lines);
    this.#lines = "";
    if (this.#file === undefined) return;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      closeSync(this.#file);
      this.#file = undefined;
      process.stderr.write(
        `skein: --log: can't write ${this.#path}: ${(error as Error).message}; the log ends here\n`,
      );
    }
  }
}

/** @throws UsageError where lines of the log would stand among something else */
export function refuseSharedLog(log: string | undefined, others: readonly string[]): void {
  if (log === undefined) return;
  const path = realPathOf(log);
  if (!others.some(other => realPathOf(other) === path)) return;
  throw new UsageError(`--log: ${log} is another file of this job; expected one of its own`);
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it is not there yet, or can't be read: whoever opens it tells
  }
}
