import type { Logger } from "../../core/logger.ts";

let complained = false;

/** What `SKEIN_LOG=info` or `SKEIN_LOG=debug` asks for: lines on stderr; nothing when it is not set. */
export function environmentLogger(): Logger | undefined {
  const level = process.env.SKEIN_LOG?.toLowerCase() ?? "";
  if (level === "" || level === "0" || level === "off") return undefined;
  if (level === "debug") return { debug: write("debug"), ...fromInfo() };
  if (level === "info") return fromInfo();
  // It belongs to whoever runs the program, not to who wrote it: no reason to fail.
  if (!complained) process.stderr.write(`skein: SKEIN_LOG is "info" or "debug"; "${level}" is neither\n`);
  complained = true;
  return undefined;
}

function fromInfo(): Logger {
  return { info: write("info"), warn: write("warn"), error: write("error") };
}

function write(level: string): (line: unknown) => void {
  return line => void process.stderr.write(`${new Date().toISOString()} skein ${level} ${line}\n`);
}
