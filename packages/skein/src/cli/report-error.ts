import type { JobError, JobErrorCode } from "../entry/jobs.ts";
import { redactUrls } from "../entry/redaction.ts";
import { EXIT, type ExitCode, ExitError } from "./exit-code.ts";
import { EXIT_OF_JOB_ERROR } from "./job-exit.ts";
import { printable } from "./render/printable.ts";
import { invocation, resumeText } from "./resume-command.ts";

/** Codes of the library that say: the request itself can't be sent, by whomever. */
const USED_WRONGLY: ReadonlySet<string> = new Set(["INVALID_URL", "INVALID_OPTION", "INVALID_REQUEST"]);

/** Tells a person what went wrong, on standard error, and answers with the exit code. */
export async function reportError(error: unknown): Promise<ExitCode> {
  if (error instanceof ExitError) return reportExit(error);
  if (isJobError(error)) return reportJobError(error);
  const { isSkeinError } = await import("../entry/node.ts");
  if (isSkeinError(error)) {
    write(error.code === "INVALID_OPTION" ? withFlag(error.message) : error.message);
    if (error.code === "INVALID_OPTION") writeTry();
    if (error.code === "FILE_FAILED") return EXIT.file;
    return USED_WRONGLY.has(error.code) ? EXIT.usage : EXIT.someFailed;
  }
  const stack = error instanceof Error ? error.stack : undefined;
  process.stderr.write(
    `skein: this is a fault of the program, please report it:\n${stack ?? String(error)}\n`,
  );
  return EXIT.stopped;
}

function reportExit(error: ExitError): ExitCode {
  write(error.message);
  if (error.exitCode === EXIT.usage) writeTry();
  return error.exitCode;
}

function writeTry(): void {
  const { args, program } = invocation();
  const command = /^[a-z]+$/.test(args[0] ?? "") ? `${program} ${args[0]}` : program;
  process.stderr.write(`Try: ${command} --help\n`);
}

/** Options of the library whose value a flag gives as it is: the library says what is wrong with it, and names the option. */
const FLAG_OF_OPTION: Readonly<Record<string, string>> = {
  proxy: "-x, --proxy, --proxy-file",
  refresh: "--refresh",
  headers: "-H, --header",
};

function withFlag(message: string): string {
  const option = /^([a-z]+)(?:\[\d+\])?: /.exec(message);
  const flag = FLAG_OF_OPTION[option?.[1] ?? ""];
  return option === null || flag === undefined ? message : `${flag}: ${message.slice(option[0].length)}`;
}

/** What the library can't know: which flag mends it. */
const HINTS: Partial<Record<JobErrorCode, string>> = {
  OUTPUT_NOT_OURS: "Give another file with -o, or overwrite this one with --fresh.",
  OUTPUT_CHANGED: "To forget the earlier results and begin anew, add --fresh.",
  JOURNAL_CORRUPT: "To forget the earlier results and begin anew, add --fresh.",
  CANNOT_REFRESH: "To forget the earlier results and begin anew, leave out --refresh and add --fresh.",
  JOB_DIFFERS: "Give another file with -o, or forget the earlier results with --fresh.",
};

/** Commands that run no job: there is nothing to go on with. */
const WITHOUT_A_RUN: ReadonlySet<string> = new Set(["status", "verify", "retry", "ui"]);

function reportJobError(error: JobError): ExitCode {
  write(error.message);
  const hint = HINTS[error.code];
  if (hint !== undefined) process.stderr.write(`${hint}\n`);
  if (error.resumable && !WITHOUT_A_RUN.has(invocation().args[0] ?? ""))
    process.stderr.write(`${resumeText("To go on when that is mended")}\n`);
  return EXIT_OF_JOB_ERROR[error.code];
}

/** By its name: so that a command that needs no journal does not load one. */
function isJobError(error: unknown): error is JobError {
  return error instanceof Error && error.name === "JobError";
}

function write(message: string): void {
  process.stderr.write(`skein: ${redactUrls(printable(message))}\n`);
}
