// What opening a large journal checks, and what only `verify` does.

import { closeSync, openSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, originServer, test } from "@skein/testkit";
import { inspectJob, verifyJob } from "../../src/entry/jobs.ts";
import { JobFolder } from "./job-folder.ts";

const LARGE = 80_000_000;

/** A journal that is large, since somebody left a long message in it, and of which the first page of a table is damaged. */
async function damagedJob(table: string): Promise<JobFolder> {
  await using origin = await originServer();
  const folder = new JobFolder();
  folder.write([`${origin.url}/bytes/1`, `${origin.url}/bytes/2`]);
  await folder.run();
  const database = new DatabaseSync(folder.journal);
  database.prepare("UPDATE results SET message = ? WHERE line = 1").run("x".repeat(LARGE));
  const { rootpage } = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table)!;
  const { page_size: size } = database.prepare("PRAGMA page_size").get()!;
  database.close();
  const file = openSync(folder.journal, "r+");
  writeSync(file, Buffer.from([0]), 0, 1, (Number(rootpage) - 1) * Number(size));
  closeSync(file);
  return folder;
}

test("what a job goes by is checked whenever the journal is opened", async () => {
  const folder = await damagedJob("items");
  await expect(folder.open()).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
  await expect(inspectJob(folder.output)).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
});

test("what is only looked at holds no job up, and verify finds it", async () => {
  const folder = await damagedJob("results");
  expect(await inspectJob(folder.output)).toMatchObject({ done: 2, complete: true });
  expect(await folder.run()).toMatchObject({ ended: "complete", done: 2 });
  await expect(verifyJob(folder.output)).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
});
