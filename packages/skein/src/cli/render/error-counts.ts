import type { JobCounts } from "../../entry/jobs.ts";
import { NOT_MODIFIED } from "./count-rows.ts";
import type { ErrorCount } from "./progress-view.ts";

/** Ways to fail by how often they occurred; a refused status counts by its number rather than as one kind. */
export function countErrors(counts: JobCounts, accepts: (status: number) => boolean): ErrorCount[] {
  const errors: ErrorCount[] = [];
  for (const [code, { count }] of counts.byError) {
    if (code !== "HTTP_STATUS") errors.push({ what: wordsOf(code), count });
  }
  for (const [status, count] of counts.byStatus) {
    const isUnchanged = status === NOT_MODIFIED && counts.unchanged > 0;
    if (!accepts(status) && !isUnchanged) errors.push({ what: `HTTP ${status}`, count });
  }
  return errors.sort((a, b) => b.count - a.count);
}

/** `CONNECTION_RESET` as a person says it. */
function wordsOf(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}
