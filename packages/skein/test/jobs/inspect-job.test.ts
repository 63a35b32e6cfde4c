import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, originServer, test } from "@skein/testkit";
import { inspectJob, retryItems, verifyJob } from "../../src/entry/jobs.ts";
import { JobFolder, range } from "./job-folder.ts";

/** A job of 40 items: 30 succeed, 9 are answered with 404, and one line is no request. */
async function finishedJob(origin: { readonly url: string }) {
  const folder = new JobFolder();
  const urls = range(39).map(i => `${origin.url}/${i % 4 === 0 ? "status/404" : `bytes/${i}`}`);
  folder.write([...urls, "http://[bad"]);
  await folder.run({ attempts: 1 });
  return folder;
}

describe("inspectJob", () => {
  test("tells what the journal knows, without a list and without a request", async () => {
    await using origin = await originServer();
    const folder = await finishedJob(origin);
    rmSync(folder.list);
    const before = origin.requestCount;
    const report = await inspectJob(folder.output);
    expect(report).toMatchObject({
      complete: true,
      ...{ done: 39, succeeded: 30, failed: 9, unknown: 0, rejected: 1, endedTo: 40 },
      source: folder.list,
      request: { method: "GET", accept: "200-299" },
      paths: { output: folder.output, rejects: folder.rejects, journal: folder.journal },
    });
    expect([...report.byStatus].sort()).toEqual([
      [200, 30],
      [404, 9],
    ]);
    expect(report.byError.get("HTTP_STATUS")).toMatchObject({
      count: 9,
      sample: expect.stringContaining("404"),
    });
    expect(origin.requestCount).toBe(before);
  });

  test("takes the journal's own name, too; and leaves the job as it was", async () => {
    await using origin = await originServer();
    const folder = await finishedJob(origin);
    const before = readFileSync(folder.output);
    expect(await inspectJob(folder.journal)).toMatchObject({ done: 39, complete: true });
    expect(readFileSync(folder.output)).toEqual(before);
    expect((await folder.run()).ended).toBe("complete");
  });

  test("says what is missing, and who holds the journal", async () => {
    await using origin = await originServer();
    const folder = await finishedJob(origin);
    await expect(inspectJob(join(folder.path, "none.jsonl"))).rejects.toMatchObject({
      code: "NO_JOURNAL",
      message: expect.stringContaining("none.jsonl.job.db"),
    });
    expect(readdirSync(folder.path).filter(name => name.startsWith("none"))).toEqual([]);
    const open = await folder.open();
    const pending = retryItems(folder.output, () => true);
    await expect(pending).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
    expect(await inspectJob(folder.output)).toMatchObject({ running: true, complete: true, done: 39 });
    await open.close();
    expect(await inspectJob(folder.output)).toMatchObject({ running: false });
    writeFileSync(folder.journal, "no database at all, but long enough to be read as one".repeat(100));
    await expect(inspectJob(folder.output)).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
  });
});

describe("verifyJob", () => {
  test("finds nothing in what a job has written, bodies in files included", async () => {
    await using origin = await originServer();
    const folder = await finishedJob(origin);
    const { report, ...found } = await verifyJob(folder.output);
    expect(report.done).toBe(39);
    expect(found).toEqual({ rows: 39, bodies: 39, problemCount: 0, problems: [], uncommittedBytes: 0 });
    const files = new JobFolder();
    files.write([`${origin.url}/bytes/5000`, `${origin.url}/bytes/6000`]);
    await files.run({ bodies: { directory: join(files.path, "saved") } });
    expect(await verifyJob(files.output)).toMatchObject({ rows: 2, bodies: 2, problemCount: 0 });
  });

  test("what a killed run left behind the last commit is no problem", async () => {
    await using origin = await originServer();
    const folder = await finishedJob(origin);
    appendFileSync(folder.output, '{"v":1,"id":77,"url":"http://cut');
    expect(await verifyJob(folder.output)).toMatchObject({ problemCount: 0, uncommittedBytes: 32 });
  });

  test.each<[string, (folder: JobFolder) => void, string]>([
    [
      "a body that was changed",
      edit(text => text.replace('"body":"', '"body":"x')),
      "has a body that is not the one",
    ],
    ["a length that was changed", edit(text => text.replace(/"bytes":\d/, '"bytes":9')), "bytes; it has"],
    ["a line that is no JSON", edit(text => text.replace('{"v"', "{v")), "is not a row"],
    ["a row of a later version", edit(text => text.replace('{"v":1', '{"v":2')), "is a row of version 2"],
    ["a state that is none", edit(text => text.replace('"succeeded"', '"succeeds!"')), "has no state"],
    [
      "a status that was changed",
      edit(text => text.replace('"status":200', '"status":201')),
      "rows that ended alike",
    ],
    ["an output that was cut", ({ output }) => truncateSync(output, 500), "has 500 bytes; the journal knows"],
    ["an output that is gone", ({ output }) => rmSync(output), "is gone; the journal knows"],
    ["rejects that are gone", ({ rejects }) => rmSync(rejects), "is gone; the journal knows"],
    ["a journal that counts otherwise", changeJournal, "the journal knows"],
  ])("finds %s", async (_name, damage, message) => {
    await using origin = await originServer();
    const folder = await finishedJob(origin);
    damage(folder);
    const { problemCount, problems } = await verifyJob(folder.output);
    expect(problemCount).toBeGreaterThan(0);
    expect(problems.map(problem => problem.message).join("\n")).toContain(message);
  });

  test("finds a body's file that was changed, and one that is gone", async () => {
    await using origin = await originServer();
    const folder = new JobFolder();
    folder.write([`${origin.url}/bytes/5000`, `${origin.url}/bytes/6000`]);
    await folder.run({ bodies: { directory: join(folder.path, "saved") } });
    const files = readdirSync(join(folder.path, "saved"), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name));
    expect(files).toHaveLength(2);
    truncateSync(files[0]!, 4_999);
    rmSync(files[1]!);
    const { problems } = await verifyJob(folder.output);
    const messages = problems.map(({ line, message }) => `${line} ${message}`).join("\n");
    expect(messages).toMatch(/[12] has a body that is not the one of its SHA-256/);
    expect(messages).toMatch(/[12] names a body that can't be read: .*ENOENT/);
  });
});

/** Puts another text in the place of the output. */
function edit(change: (text: string) => string): (folder: JobFolder) => void {
  return ({ output }) => {
    const before = readFileSync(output, "utf8");
    const after = change(before);
    if (after === before) throw new Error("the edit changed nothing");
    writeFileSync(output, after);
  };
}

function changeJournal({ journal }: JobFolder): void {
  const database = new DatabaseSync(journal);
  database.exec("UPDATE items SET status = 503 WHERE status = 404");
  database.close();
}
