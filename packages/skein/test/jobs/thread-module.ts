// What threads of the tests send with: node imports it in each of them.
import type { JobThreadParts } from "../../src/entry/jobs.ts";
import { Client } from "../../src/entry/node.ts";
import { linksOf } from "./page-links.ts";

export interface ThreadData {
  /** Goes wrong: when it is made, by throwing; later, by ending the thread; by a row that throws; or gives no client. */
  readonly fault?: "throws" | "ends" | "bad row" | "no client";
  readonly perDomain?: number;
  /** Rows of its own. */
  readonly rows?: boolean;
  /** Finds what pages link to. */
  readonly adds?: boolean;
}

export default function parts({ fault, perDomain, rows, adds }: ThreadData = {}): JobThreadParts {
  if (fault === "throws") throw new RangeError("no such thread");
  if (fault === "no client") return {} as JobThreadParts;
  if (fault === "ends") setTimeout(() => process.exit(3), 50);
  const client = new Client();
  const row = rows
    ? ({ item, state }: { item: { line: number }; state: string }) => ({ line: item.line, state })
    : () => {
        throw new RangeError("no such row");
      };
  return {
    client,
    ...(rows || fault === "bad row" ? { row } : undefined),
    ...(adds ? { add: linksOf } : undefined),
    ...(perDomain === undefined ? undefined : { perDomain: { limit: perDomain, domainOf: () => "one" } }),
    close: () => client.close(),
  };
}
