import { JobLog } from "../../jobs/inspect/job-log.ts";
import { RecordedView } from "../dashboard/recorded-view.ts";
import { Dashboard } from "../dashboard/server.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

/** The flags of `skein ui`, as they were parsed. */
export interface UiFlags {
  readonly port?: number;
}

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `skein ui`: a page on a job, from its journal, until it is stopped. */
export async function uiCommand(output: string, flags: UiFlags): Promise<ExitCode> {
  const log = await JobLog.open(output);
  try {
    const view = new RecordedView(log);
    const dashboard = await Dashboard.open(() => view, flags);
    process.stdout.write(`${dashboard.url}\n`);
    process.stderr.write("That URL is for you alone: who has it can see the job. Ctrl-C ends.\n");
    await stopped();
    await dashboard.close();
  } finally {
    await log.close();
  }
  return EXIT.ok;
}

function stopped(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of STOP_SIGNALS) process.once(signal, () => resolve());
  });
}
