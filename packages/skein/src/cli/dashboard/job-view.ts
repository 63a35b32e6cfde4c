import type { JobLog } from "../../jobs/inspect/job-log.ts";
import type { OriginPageRequest } from "../../jobs/journal/inspection/inspection-types.ts";
import type { ControlAnswer, ControlRequest, JobFacts, OpenItems, OriginPage, Snapshot } from "./protocol.ts";

/** What the server shows: a job of this process, or what a journal says of one. */
export interface JobView {
  readonly log: JobLog;
  facts(): Promise<JobFacts>;
  snapshot(): Promise<Snapshot>;
  origins(request: OriginPageRequest): Promise<OriginPage>;
  open(limit: number): OpenItems;
  /** @throws ControlRefused where that can't be done now */
  control(request: ControlRequest): Promise<ControlAnswer>;
}

/** A control that is not possible, and why. */
export class ControlRefused extends Error {}
