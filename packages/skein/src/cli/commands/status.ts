import { inspectJob, type JobReport } from "../../entry/jobs.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { exitCodeOfSummary } from "../job-exit.ts";
import { paintFor } from "../render/paint.ts";
import { renderStatus, statusJson } from "../render/status.ts";
import { shownPath } from "../shown-path.ts";

/** The flags of `skein status`, as they were parsed. */
export interface StatusFlags {
  readonly json?: boolean;
}

/** `skein status`: how far a job is, as its journal says. It answers the shell as the job itself would. */
export async function statusCommand(output: string, flags: StatusFlags): Promise<ExitCode> {
  const report = await inspectJob(output);
  const text = flags.json
    ? `${JSON.stringify(statusJson(report))}\n`
    : renderStatus(report, { shown: shownPath, paint: paintFor(process.stdout) });
  process.stdout.write(text);
  return exitCodeOf(report);
}

function exitCodeOf(report: JobReport): ExitCode {
  return report.complete ? exitCodeOfSummary({ ...report, ended: "complete" }, false) : EXIT.stopped;
}
