// A job whose process is killed at a chosen call of its journal: right before it writes, syncs, renames or commits, or right after.
// More of them, and of 20,000 items: npm run test:kill.

import { join } from "node:path";
import { expect, type OriginServer, originServer, test } from "@skein/testkit";
import { jobRows, verifyJob } from "../../src/entry/jobs.ts";
import { idsOf, JobFolder, type Row, range } from "./job-folder.ts";
import { runAndKill } from "./killing.ts";

const COUNT = 1_500;
/** Opening, making the tables, the first commits, and later ones. */
const CALLS = [3, 8, 11, 13, 15, 18, 22, 27];

function slowOrigin(): Promise<OriginServer> {
  return originServer({
    remember: 0,
    routes: { item: ({ response, parts }) => void setTimeout(() => response.end(`item ${parts[1]}`), 10) },
  });
}

test.each(["out.jsonl", "out.csv.gz"])("%s: each item has one row", { timeout: 120_000 }, async name => {
  await using origin = await slowOrigin();
  const folder = new JobFolder();
  const output = join(folder.path, name);
  folder.write([...range(COUNT).map(n => `${origin.url}/item/${n}`), "a bad line"]);
  let kills = 0;
  for (const [index, atCall] of CALLS.entries()) {
    const when = index % 2 === 0 ? "before" : "after";
    const { wasKilled } = await runAndKill({ list: folder.list, output }, { atCall, when });
    if (wasKilled) kills++;
  }
  expect(kills).toBe(CALLS.length);
  expect(await folder.run({ output })).toMatchObject({ ended: "complete", succeeded: COUNT, rejected: 1 });
  const rows: Row[] = [];
  for await (const row of jobRows(output)) rows.push(row as Row);
  expect(idsOf(rows).map(Number)).toEqual(range(COUNT));
  expect(await verifyJob(output)).toMatchObject({ rows: COUNT, problemCount: 0, uncommittedBytes: 0 });
});
