// The items of a large job: paged without gaps or repetitions, found, counted, and answered while nobody waits for long.

import { request } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { expect, originServer, test } from "@skein/testkit";
import type {
  ItemCount,
  ItemDetail,
  ItemPage,
  OriginPage,
  Series,
  Snapshot,
} from "../../src/cli/dashboard/protocol.ts";
import { JobFolder } from "../jobs/job-folder.ts";
import { type ServedJob, serveRecorded } from "./served-job.ts";

const COUNT = 200_000;
/** Of a machine that has other work; alone it takes a tenth of that. */
const SOON_MS = 5_000;

/** A finished job, whose journal says that it had so many items of 50 origins: every 1,000th failed, at 1,000 a second. */
async function largeJob(count = COUNT): Promise<ServedJob> {
  await using origin = await originServer();
  const folder = new JobFolder();
  folder.write([`${origin.url}/bytes/1`]);
  await folder.run();
  const database = new DatabaseSync(folder.journal);
  database.exec(`
    BEGIN;
    DELETE FROM results; DELETE FROM origins; DELETE FROM timeline;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
    INSERT INTO origins (id, origin) SELECT i, 'https://host' || i || '.example' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO results (line, state, status, error, origin, url, message, ended_at, attempts, bytes,
      queued_us, waited_us, served_us, wait_us, receive_us)
    SELECT i, iif(i % 1000 = 0, 2, 1), iif(i % 1000 = 0, 503, 200), iif(i % 1000 = 0, 'HTTP_STATUS', NULL), i % 50 + 1,
      'https://host' || (i % 50 + 1) || '.example/Item/' || i, iif(i % 1000 = 0, 'refused', NULL),
      1700000000000 + i, 1, i % 5000, 1000, 0, (i * 7919) % 100000, 1000, 500 FROM n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count / 1_000 - 1})
    INSERT INTO timeline SELECT 1700000000000 + i * 1000, 1700000000000, 1000, 1000, 1000000, 999, 1, 50, 3, 50, X'' FROM n;
    COMMIT`);
  database.close();
  return serveRecorded(folder.output);
}

async function soon<T>(answer: Promise<T>): Promise<T> {
  const started = performance.now();
  const value = await answer;
  expect(performance.now() - started).toBeLessThan(SOON_MS);
  return value;
}

test("a page of any order, any filter and any place comes soon, and the next one goes on where it ended", {
  timeout: 120_000,
}, async () => {
  const job = await largeJob();
  for (const sort of ["latest", "line", "slowest", "attempts", "bytes"]) {
    const numbers = new Set<number>();
    let cursor = "";
    for (let page = 0; page < 3; page++) {
      const path = `/api/items?sort=${sort}&limit=200&cursor=${cursor}`;
      const { items, next } = await soon(job.json<ItemPage>(path));
      for (const { number } of items) numbers.add(number);
      cursor = next!;
    }
    expect(numbers.size).toBe(600);
  }
  const latest = await job.json<ItemPage>("/api/items?limit=2");
  expect(latest.items.map(({ line }) => line)).toEqual([COUNT, COUNT - 1]);
  const slowest = await job.json<ItemPage>("/api/items?sort=slowest&limit=500");
  const times = slowest.items.map(({ servedMs }) => servedMs!);
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  const deep = await soon(job.json<ItemPage>(`/api/items?cursor=${100}.${100}&limit=500`));
  expect([deep.items.length, deep.next]).toEqual([99, null]);
});

test("all that a filter lets through is paged once, and counted", { timeout: 120_000 }, async () => {
  const job = await largeJob();
  const failed: number[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: ItemPage = await soon(job.json(`/api/items?state=failed&limit=30&cursor=${cursor}`));
    failed.push(...page.items.map(({ line }) => line));
    cursor = page.next;
  }
  expect(failed).toEqual(Array.from({ length: COUNT / 1_000 }, (_, i) => COUNT - i * 1_000));
  const count = (query: string) => soon(job.json<ItemCount>(`/api/items/count?${query}`));
  expect(await count("")).toEqual({ matching: COUNT, total: COUNT });
  expect(await count("status=5xx")).toEqual({ matching: COUNT / 1_000, total: COUNT });
  expect(await count("status=none")).toMatchObject({ matching: 0 });
  expect(await count("code=HTTP_STATUS,READ_TIMEOUT")).toMatchObject({ matching: COUNT / 1_000 });
  expect(await count("text=ITEM/19999")).toMatchObject({ matching: 11 });
  expect(await count("text=100%25")).toMatchObject({ matching: 0 });
  expect(await count(`origin=${encodeURIComponent("https://host7.example")}`)).toMatchObject({
    matching: COUNT / 50,
  });
  expect((await job.ask({ path: `/${"x".repeat(5_000)}` })).status).toBe(404);
  for (const wrong of ["text=%00", "state=lost", "status=999", "sort=size", "limit=501", "cursor=x"])
    expect((await job.ask({ path: `/api/items?token=${job.token}&${wrong}` })).status).toBe(400);
});

test("origins by text and in any order", { timeout: 120_000 }, async () => {
  const job = await largeJob();
  const origins = (query: string) => soon(job.json<OriginPage>(`/api/origins?${query}`));
  const all = await origins("limit=500");
  expect(all).toMatchObject({ matching: 50, total: 50, origins: { length: 50 } });
  expect(all.origins.reduce((sum, { done }) => sum + done, 0)).toBe(COUNT);
  expect(all.origins.reduce((sum, { failed }) => sum + failed, 0)).toBe(COUNT / 1_000);
  expect(await origins("text=HOST7.")).toMatchObject({
    ...{ matching: 1, total: 50 },
    origins: [{ origin: "https://host7.example", done: COUNT / 50, now: null }],
  });
  expect(await origins("text=nowhere")).toEqual({ matching: 0, total: 50, origins: [] });
  const ordered = (page: OriginPage, value: (row: OriginPage["origins"][number]) => number) =>
    page.origins.every((row, i) => i === 0 || value(row) <= value(page.origins[i - 1]!));
  expect(ordered(await origins("sort=failed&limit=10"), row => row.failed)).toBe(true);
  expect(ordered(await origins("sort=slowest"), row => row.p95!)).toBe(true);
  const byName = (await origins("sort=name&limit=3")).origins.map(({ origin }) => origin);
  expect(byName).toEqual(["https://host1.example", "https://host10.example", "https://host11.example"]);
  for (const wrong of ["sort=latest", "limit=0", `text=${"x".repeat(1_001)}`])
    expect((await job.ask({ path: `/api/origins?token=${job.token}&${wrong}` })).status).toBe(400);
});

test("its figures, its course and one of its items", { timeout: 120_000 }, async () => {
  const job = await largeJob();
  const snapshot = await firstSnapshot(job);
  expect(snapshot).toMatchObject({
    state: "complete",
    counts: { done: COUNT, succeeded: COUNT - COUNT / 1_000, failed: COUNT / 1_000, total: COUNT },
    originCount: 50,
    errors: [{ code: "HTTP_STATUS", status: 503, count: COUNT / 1_000, samples: { length: 5 } }],
  });
  expect(snapshot.origins).toHaveLength(20);
  const series = await soon(job.json<Series>("/api/series?points=50"));
  expect(series.at.length).toBeLessThanOrEqual(50);
  expect(series.requestsPerSecond).toEqual(series.at.map(() => 1_000));
  const ofOne = await soon(
    job.json<Series>(`/api/series?origin=${encodeURIComponent("https://host7.example")}`),
  );
  const seconds = ofOne.bucketMs / 1_000;
  expect(ofOne.succeededPerSecond.reduce<number>((sum, n) => sum + (n ?? 0) * seconds, 0)).toBeCloseTo(
    COUNT / 50,
    -2,
  );
  const detail = await soon(job.json<ItemDetail>("/api/items/1000"));
  expect(detail).toMatchObject({
    ...{ line: 1_000, state: "failed", status: 503, message: "refused", origin: "https://host1.example" },
    tries: [
      {
        status: 503,
        phases: [
          { phase: "wait", ms: 1 },
          { phase: "receive", ms: 0.5 },
        ],
      },
    ],
  });
  expect((await job.ask({ path: `/api/items/${COUNT + 1}?token=${job.token}` })).status).toBe(404);
});

/** And leaves; the server then forgets who has listened. */
async function firstSnapshot(job: ServedJob): Promise<Snapshot> {
  const path = `/api/events?token=${job.token}`;
  const asked = request({ host: "127.0.0.1", port: job.port, path, agent: false });
  const snapshot = await new Promise<Snapshot>((resolve, reject) => {
    asked.once("error", reject);
    asked.once("response", response => {
      let text = "";
      response.setEncoding("utf8").on("data", part => {
        text += part;
        const data = /^data: (.*)\n\n/m.exec(text)?.[1];
        if (data !== undefined) resolve(JSON.parse(data) as Snapshot);
      });
    });
    asked.end();
  });
  expect(job.dashboard.listeners).toBe(1);
  asked.on("error", () => undefined).destroy();
  while (job.dashboard.listeners > 0) await delay(5);
  return snapshot;
}
