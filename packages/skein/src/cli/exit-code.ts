/** What the program answers to the shell that started it; the table stands in README.md, too. */
export const EXIT = {
  /** All succeeded; or, for a single request, the server answered. */
  ok: 0,
  /** Some items failed or were rejected; or, for a single request, there was no answer. */
  someFailed: 1,
  /** Used wrongly: nothing was sent. */
  usage: 2,
  /** A file can't be read or written. A job that had begun can be resumed. */
  file: 3,
  /** Stopped early for another reason; the same command resumes. */
  stopped: 7,
  /** Ctrl-C, or another signal that asks to end; the same command resumes. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end of the program with a message and a code: no stack is shown for it. */
export class ExitError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong. The message names the flag or argument, and what was expected. */
export class UsageError extends ExitError {
  constructor(message: string) {
    super(message, EXIT.usage);
  }
}

/** A file that was named can't be used. The message names it. */
export class FileError extends ExitError {
  constructor(message: string) {
    super(message, EXIT.file);
  }
}

/** "flag: expected …; got …", in one form for every flag. */
export function expected(flag: string, what: string, got: string): UsageError {
  return new UsageError(`${flag}: expected ${what}; got ${JSON.stringify(got)}`);
}
