// What other processes may do with a job while it runs: look at it, and nothing else.

import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, originServer, test } from "@skein/testkit";
import { inspectJob, jobRows, retryItems, verifyJob } from "../../src/entry/jobs.ts";
import { idsOf, JobFolder, range } from "./job-folder.ts";
import { startJob } from "./killing.ts";

const COUNT = 2_000;

async function slowOrigin() {
  return originServer({
    remember: 0,
    routes: { item: ({ response, parts }) => void setTimeout(() => response.end(`item ${parts[1]}`), 15) },
  });
}

function startedJob(folder: JobFolder) {
  const job = startJob({ list: folder.list, output: folder.output, concurrency: 20 });
  onTestFinished(() => void job.child.kill("SIGKILL"));
  return job;
}

test("is read while a process writes: each look finds it whole, and further than the one before", async () => {
  await using origin = await slowOrigin();
  const folder = new JobFolder();
  folder.write(range(COUNT).map(n => `${origin.url}/item/${n}`));
  const { child, opened, ended } = startedJob(folder);
  await opened;
  const looks: { done: number; running: boolean }[] = [];
  while (child.exitCode === null) {
    const { done, running } = await inspectJob(folder.output);
    looks.push({ done, running });
    const { report, rows, problems } = await verifyJob(folder.output);
    expect([problems, rows]).toEqual([[], report.done]);
    expect(report.done).toBeGreaterThanOrEqual(done);
    let read = 0;
    for await (const row of jobRows(folder.output)) if (row.state === "succeeded") read += 1;
    expect(read).toBeGreaterThanOrEqual(report.done);
    await delay(20);
  }
  expect(JSON.parse((await ended).split("\n")[1]!)).toMatchObject({ done: COUNT, ended: "complete" });
  expect(looks.filter(({ done, running }) => running && done > 0 && done < COUNT).length).toBeGreaterThan(1);
  expect(looks.map(({ done }) => done)).toEqual(looks.map(({ done }) => done).toSorted((a, b) => a - b));
  expect(await inspectJob(folder.output)).toMatchObject({ running: false, complete: true, done: COUNT });
  expect(idsOf(folder.rows())).toEqual(range(COUNT));
});

test("a second writer is refused while others read; the lock ends with a process that is killed", async () => {
  await using origin = await slowOrigin();
  const folder = new JobFolder();
  folder.write(range(COUNT).map(n => `${origin.url}/item/${n}`));
  const { child, opened, ended } = startedJob(folder);
  await opened;
  while ((await inspectJob(folder.output)).done === 0) await delay(5);
  for (const write of [() => folder.open(), () => retryItems(folder.output, () => true)]) {
    await expect(write()).rejects.toMatchObject({
      code: "JOURNAL_LOCKED",
      message: expect.stringContaining(`another run, process ${child.pid}`),
      resumable: true,
    });
  }
  expect(await inspectJob(folder.output)).toMatchObject({ running: true });
  child.kill("SIGKILL");
  await ended;
  const killed = await inspectJob(folder.output);
  expect(killed).toMatchObject({ running: false, complete: false });
  expect((await verifyJob(folder.output)).problems).toEqual([]);
  const summary = await folder.run({ concurrency: 40 });
  expect(summary).toMatchObject({ ended: "complete", done: COUNT });
  expect(summary.doneBefore).toBeGreaterThanOrEqual(killed.done);
});

test("once it has ended, its journal is one file, whoever has looked at it", async () => {
  await using origin = await originServer();
  const folder = new JobFolder();
  folder.write([`${origin.url}/bytes/1`]);
  await folder.run();
  await inspectJob(folder.output);
  expect(readdirSync(folder.path).toSorted()).toEqual(["out.jsonl", "out.jsonl.job.db", "urls.txt"]);
});
