import { EXIT } from "./exit-code.ts";

/**
 * A reader that has seen enough (`| head`) is no failure, and a log that can't be written no reason to stop; but a body
 * that could not be written whole is a file error.
 */
export function handleOutputErrors(): void {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.stderr.write(`skein: can't write to standard output: ${error.message}\n`);
    process.exitCode = EXIT.file;
  });
}
