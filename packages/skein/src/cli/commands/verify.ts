import { type JobProblem, type JobVerification, verifyJob } from "../../entry/jobs.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { formatBytes } from "../render/format-bytes.ts";
import { formatCount } from "../render/format-number.ts";
import { paintFor } from "../render/paint.ts";
import { printable } from "../render/printable.ts";
import { shownPath } from "../shown-path.ts";

/** `skein verify`: whether all that a job has written is as its journal says. */
export async function verifyCommand(output: string): Promise<ExitCode> {
  const verification = await verifyJob(output);
  for (const problem of verification.problems) process.stdout.write(`${lineOf(problem)}\n`);
  process.stdout.write(verdictOf(verification));
  return verification.problemCount === 0 ? EXIT.ok : EXIT.file;
}

function lineOf({ path, line, message }: JobProblem): string {
  const where = line === undefined ? shownPath(path) : `line ${line} of ${shownPath(path)}`;
  return `${where} ${printable(message)}`;
}

function verdictOf({
  report,
  rows,
  bodies,
  problems,
  problemCount,
  uncommittedBytes,
}: JobVerification): string {
  const paint = paintFor(process.stdout);
  const output = shownPath(report.paths.output);
  const read = `${formatCount(rows)} rows and ${formatCount(bodies)} bodies`;
  const behind =
    uncommittedBytes === 0
      ? ""
      : `${formatBytes(uncommittedBytes)} behind the last commit are no problem: ${report.running ? "the job is writing them" : "the next run cuts them off"}.\n`;
  if (problemCount === 0)
    return `${behind}${paint("green", "Whole")} ${output}: ${read} are as the journal says.\n`;
  const more = problemCount > problems.length ? ` (the first ${problems.length} are listed)` : "";
  return `${behind}${paint("red", "Damaged")} ${output}: ${formatCount(problemCount)} ${problemCount === 1 ? "problem" : "problems"} in ${read}${more}.\n`;
}
