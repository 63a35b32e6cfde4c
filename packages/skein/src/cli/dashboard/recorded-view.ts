import { redactUrls } from "../../entry/redaction.ts";
import { VERSION } from "../../entry/version.ts";
import type { JobLog } from "../../jobs/inspect/job-log.ts";
import type { JournalFigures, OriginPageRequest } from "../../jobs/journal/inspection/inspection-types.ts";
import { shownPath } from "../shown-path.ts";
import { ControlRefused, type JobView } from "./job-view.ts";
import {
  type JobFacts,
  type JobState,
  type OpenItems,
  type OriginPage,
  PROTOCOL_VERSION,
  type Snapshot,
} from "./protocol.ts";
import { acceptsOf, shownHeaders, snapshotOf } from "./snapshot.ts";

const REFUSED =
  "this job does not run in the process that shows it: only its journal is read, so nothing can be changed";

/** A job of which only the journal is read: it has ended, or another process is at it. */
export class RecordedView implements JobView {
  readonly log: JobLog;
  readonly #accepts: (status: number) => boolean;

  constructor(log: JobLog) {
    this.log = log;
    this.#accepts = acceptsOf(log.report.request.accept);
  }

  async facts(): Promise<JobFacts> {
    const figures = await this.log.figures();
    return factsOf(this.log, figures, {
      ...{ state: await this.#state(figures), failure: null, live: false, controls: [], limits: null },
    });
  }

  async snapshot(): Promise<Snapshot> {
    const figures = await this.log.figures();
    const { succeeded, failed, unknown } = figures;
    const state = await this.#state(figures);
    return snapshotOf({
      ...{ state, failure: null, controls: [], limits: null },
      figures,
      live: undefined,
      total: state === "complete" ? succeeded + failed + unknown : null,
      doneBefore: 0,
      accepts: this.#accepts,
    });
  }

  async origins(request: OriginPageRequest): Promise<OriginPage> {
    const page = await this.log.origins(request);
    return { ...page, origins: page.origins.map(origin => ({ ...origin, now: null })) };
  }

  open(): OpenItems {
    return { items: [] };
  }

  control(): Promise<never> {
    return Promise.reject(new ControlRefused(REFUSED));
  }

  async #state({ isComplete }: JournalFigures): Promise<JobState> {
    if (isComplete) return "complete";
    return (await this.log.isWritten()) ? "running" : "stopped";
  }
}

export function factsOf(
  { report }: JobLog,
  { startedAt, runStartedAt }: Pick<JournalFigures, "startedAt" | "runStartedAt">,
  rest: Pick<JobFacts, "state" | "failure" | "live" | "controls" | "limits">,
): JobFacts {
  const { method, headers, accept } = report.request;
  return {
    protocol: PROTOCOL_VERSION,
    version: VERSION,
    ...rest,
    source: redactUrls(report.source),
    output: shownPath(report.paths.output),
    journal: shownPath(report.paths.journal),
    ...{ startedAt, runStartedAt },
    request: { method, headers: shownHeaders(headers), accepts: accept },
  };
}
