// What a journal tells with SQL: docs/journal.md.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { inspectJob, retryItems } from "../../src/entry/jobs.ts";
import { JobFolder, range } from "./job-folder.ts";

const PAGE = join(import.meta.dirname, "../../../../docs/journal.md");

/** 30 items that succeed, 9 that are refused, one that succeeds when it is tried again, and a line that is none. */
async function finishedJob(origin: OriginServer): Promise<JobFolder> {
  const folder = new JobFolder();
  const urls = range(39).map(i => `${origin.url}/${i % 4 === 0 ? "status/404" : `bytes/${i}`}`);
  folder.write([...urls, `${origin.url}/flaky`, "http://[bad"]);
  await folder.run({ attempts: 2 });
  return folder;
}

function flakyOrigin(): Promise<OriginServer> {
  let asked = 0;
  return originServer({
    routes: {
      flaky: ({ response }) => {
        asked += 1;
        response.writeHead(asked === 1 ? 503 : 200).end(asked === 1 ? "" : "at last");
      },
    },
  });
}

function ask(path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

test("has a result for each line of the output, and each bad line, in the order in which they ended", async () => {
  await using origin = await flakyOrigin();
  const folder = await finishedJob(origin);
  const results = ask(folder.journal, "SELECT * FROM results ORDER BY number");
  const written = results.filter(({ state }) => state !== 4);
  const rows = folder.rows();
  expect(
    written.map(({ line, url, status, bytes, attempts }) => [line, url, status, bytes, attempts]),
  ).toEqual(rows.map(({ id, url, status, bytes, attempts }) => [id, url, status, bytes, attempts]));
  expect(written.map(({ message }) => message)).toEqual(rows.map(({ error }) => error?.message ?? null));
  expect(results.filter(({ state }) => state === 4)).toMatchObject([
    { line: 41, url: "http://[bad", status: null, attempts: null, message: expect.stringMatching(/./) },
  ]);
  expect(ask(folder.journal, "SELECT * FROM origins")).toMatchObject([{ origin: origin.url }]);
  for (const row of written) {
    expect(row).toMatchObject({ origin: 1, wait_us: expect.any(Number), receive_us: expect.any(Number) });
    expect(Math.abs(Number(row.ended_at) - Date.now())).toBeLessThan(60_000);
  }
});

test("lists every attempt of what was tried again", async () => {
  await using origin = await flakyOrigin();
  const folder = await finishedJob(origin);
  const [flaky, ...others] = ask(
    folder.journal,
    "SELECT attempts, tries, waited_us FROM results WHERE tries IS NOT NULL",
  );
  expect(others).toEqual([]);
  expect(flaky).toMatchObject({ attempts: 2 });
  expect(flaky!.waited_us).toBeGreaterThan(0);
  expect(JSON.parse(String(flaky!.tries))).toMatchObject([
    { status: 503, startedAt: expect.any(Number), durationMs: expect.any(Number) },
    { status: 200, reused: expect.any(Boolean), bytes: 7 },
  ]);
});

test("its timeline adds up to what the job did, over all its runs", async () => {
  await using origin = await flakyOrigin();
  const folder = await finishedJob(origin);
  folder.write([...readFileSync(folder.list, "utf8").trimEnd().split("\n"), `${origin.url}/bytes/77`]);
  await folder.run({ attempts: 2 });
  const sums =
    "sum(requests) AS requests, sum(bytes) AS bytes, sum(succeeded) AS succeeded, sum(failed) AS failed";
  expect(ask(folder.journal, `SELECT ${sums}, count(DISTINCT run) AS runs FROM timeline`)).toEqual([
    {
      requests: 42,
      bytes: folder.rows().reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
      ...{ succeeded: 32, failed: 9, runs: 2 },
    },
  ]);
});

test("what is to be run again has no result until it has", async () => {
  await using origin = await flakyOrigin();
  const folder = await finishedJob(origin);
  expect(await retryItems(folder.output, ({ status }) => status === 404)).toBe(9);
  expect(ask(folder.journal, "SELECT count(*) AS n FROM results WHERE status = 404")).toEqual([{ n: 0 }]);
  await folder.run({ attempts: 2 });
  expect(ask(folder.journal, "SELECT count(*) AS n, count(DISTINCT line) AS lines FROM results")).toEqual([
    { n: 41, lines: 41 },
  ]);
});

describe("a journal of an older version", () => {
  const TO_2 = `
    DROP TABLE added; DROP TABLE requested; DROP TABLE validators; DROP TABLE refreshed; DROP TABLE former;
    ALTER TABLE results DROP COLUMN place; ALTER TABLE results DROP COLUMN validators;
    ALTER TABLE job DROP COLUMN refresh_bytes; ALTER TABLE job DROP COLUMN refreshes;
    ALTER TABLE job DROP COLUMN shard_bytes; ALTER TABLE job DROP COLUMN shard_sizes; ALTER TABLE job DROP COLUMN seal;
    PRAGMA user_version = 2;`;
  const TO_1 = `${TO_2}
    DROP TABLE results; DROP TABLE origins; DROP TABLE timeline; DROP TABLE origin_timeline;
    ALTER TABLE job DROP COLUMN generation; PRAGMA user_version = 1;`;

  async function oldJob(origin: OriginServer, makeOld: string): Promise<JobFolder> {
    const folder = await finishedJob(origin);
    const database = new DatabaseSync(folder.journal);
    database.exec(makeOld);
    database.close();
    return folder;
  }

  test.each([
    [1, TO_1],
    [2, TO_2],
  ])("%i is read as it is", async (_, makeOld) => {
    await using origin = await flakyOrigin();
    const folder = await oldJob(origin, makeOld);
    const before = readFileSync(folder.journal);
    expect(await inspectJob(folder.output)).toMatchObject({ done: 40, complete: true });
    expect(readFileSync(folder.journal)).toEqual(before);
  });

  test("2 goes on as one of this version", async () => {
    await using origin = await flakyOrigin();
    const folder = await oldJob(origin, TO_2);
    const before = ask(folder.journal, "SELECT number, line, status, url FROM results");
    folder.write([...readFileSync(folder.list, "utf8").trimEnd().split("\n"), `${origin.url}/bytes/77`]);
    expect(await folder.run()).toMatchObject({ ended: "complete", done: 41, doneBefore: 40 });
    expect(ask(folder.journal, "PRAGMA user_version")).toEqual([{ user_version: 3 }]);
    const after = ask(folder.journal, "SELECT number, line, status, url FROM results");
    expect(after.slice(0, -1)).toEqual(before);
  });

  test("1 goes on as one of this version, with what is known of its items", async () => {
    await using origin = await flakyOrigin();
    const folder = await oldJob(origin, TO_1);
    folder.write([...readFileSync(folder.list, "utf8").trimEnd().split("\n"), `${origin.url}/bytes/77`]);
    expect(await folder.run()).toMatchObject({ ended: "complete", done: 41, doneBefore: 40 });
    expect(ask(folder.journal, "PRAGMA user_version")).toEqual([{ user_version: 3 }]);
    const results = ask(folder.journal, "SELECT line, state, status, url FROM results ORDER BY number");
    expect(results).toHaveLength(42);
    expect(results.at(0)).toEqual({ line: 1, state: 1, status: 200, url: "" });
    expect(results.at(-1)).toEqual({ line: 42, state: 1, status: 200, url: `${origin.url}/bytes/77` });
  });
});

test("every query of its page runs", async () => {
  await using origin = await flakyOrigin();
  const folder = await finishedJob(origin);
  const queries = [...readFileSync(PAGE, "utf8").matchAll(/```sql\n(.*?)```/gs)].map(match => match[1]!);
  expect(queries).toHaveLength(3);
  for (const sql of queries) expect(ask(folder.journal, sql).length).toBeGreaterThan(0);
});
