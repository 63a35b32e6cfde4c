import { pipeline } from "node:stream/promises";
import { JobLog } from "../../jobs/inspect/job-log.ts";
import type {
  ItemFilter,
  ItemSort,
  LoggedItemDetail,
} from "../../jobs/journal/inspection/inspection-types.ts";
import { RecordedView } from "../dashboard/recorded-view.ts";
import type { ReportData } from "../dashboard/report-data.ts";
import { reportPage } from "../dashboard/report-page.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { checkNewFile, writeNewFile } from "../new-file.ts";
import { shownPath } from "../shown-path.ts";

/** The flags of `skein report`, as they were parsed. */
export interface ReportFlags {
  readonly output?: string;
  readonly force?: boolean;
}

const POINTS = 600;
/** Items in a report: it is to be attached to a mail. */
const MOST_FAILED = 800;
const MOST_SLOW = 200;
const MOST_ORIGINS = 500;
const ALL: ItemFilter = {
  states: undefined,
  statuses: undefined,
  codes: undefined,
  origin: undefined,
  text: undefined,
};

/** `skein report`: what `skein ui` shows of a job, as one file. */
export async function reportCommand(output: string, flags: ReportFlags): Promise<ExitCode> {
  const log = await JobLog.open(output);
  try {
    const { paths } = log.report;
    const path = flags.output ?? `${paths.output}.html`;
    checkNewFile({ path, source: paths.output, force: flags.force === true });
    const data = await dataOf(log);
    const html = reportPage(data, `${shownPath(paths.output)}: report`);
    await writeNewFile(path, file => pipeline([html], file));
    process.stderr.write(`${shownPath(path)}: ${Math.ceil(Buffer.byteLength(html) / 1_000)} kB\n`);
  } finally {
    await log.close();
  }
  return EXIT.ok;
}

async function dataOf(log: JobLog): Promise<ReportData> {
  const view = new RecordedView(log);
  const { total } = await log.countItems(ALL);
  return {
    madeAt: Date.now(),
    job: await view.facts(),
    snapshot: await view.snapshot(),
    series: await log.series({ from: undefined, to: undefined, points: POINTS, origin: undefined }),
    origins: await view.origins({ text: undefined, sort: "busiest", limit: MOST_ORIGINS }),
    items: await someItems(log),
    itemCount: total,
  };
}

/** Those that one looks for: the latest that did not succeed, and the slowest of all. */
async function someItems(log: JobLog): Promise<LoggedItemDetail[]> {
  const bad = { ...ALL, states: ["failed", "unknown", "rejected"] as const };
  const numbers = new Set([
    ...(await numbersOf(log, { filter: bad, sort: "latest", limit: MOST_FAILED })),
    ...(await numbersOf(log, { filter: ALL, sort: "slowest", limit: MOST_SLOW })),
  ]);
  const items: LoggedItemDetail[] = [];
  for (const number of numbers) {
    const item = await log.item(number);
    if (item !== undefined) items.push(item);
  }
  return items;
}

async function numbersOf(
  log: JobLog,
  { limit, ...request }: { filter: ItemFilter; sort: ItemSort; limit: number },
): Promise<number[]> {
  const numbers: number[] = [];
  let after: Awaited<ReturnType<JobLog["items"]>>["next"] | undefined;
  while (numbers.length < limit && after !== null) {
    const page = await log.items({
      ...request,
      after,
      limit: Math.min(200, limit - numbers.length),
    });
    numbers.push(...page.items.map(({ number }) => number));
    after = page.next;
  }
  return numbers;
}
