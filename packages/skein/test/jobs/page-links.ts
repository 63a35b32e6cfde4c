import type { JobTask } from "../../src/entry/jobs.ts";

/** What the links of a page lead to. */
export function linksOf({ response }: Pick<JobTask, "response">): string[] {
  return [...(response?.text() ?? "").matchAll(/href="([^"]*)"/g)].map(([, href]) => href!);
}
