// What a program, rather than a command line, asks of a job: items and rows of its own, pauses, progress.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { itemsSource, Job, type JobItem, retryItems, verifyJob } from "../../src/entry/jobs.ts";
import { idsOf, JobFolder, linesOf, range } from "./job-folder.ts";

let origin: OriginServer;

beforeAll(async () => {
  origin = await originServer();
});

afterAll(() => origin.close());

const urls = (count: number) => range(count).map(n => `${origin.url}/ok?${n}`);

describe("items of a program", () => {
  async function* orders(count: number): AsyncGenerator<JobItem> {
    for (const n of range(count)) yield { url: `${origin.url}/ok?${n}`, id: `order ${n}`, meta: { n } };
  }

  test("an async iterable, gone on with by the same items", async () => {
    const folder = new JobFolder();
    expect(await folder.run({ source: itemsSource(orders(20), "orders") })).toMatchObject({ succeeded: 20 });
    expect(folder.rows().map(({ id, meta }) => [id, meta])).toContainEqual(["order 7", { n: 7 }]);
    const more = await folder.run({ source: itemsSource(orders(25), "orders") });
    expect(more).toMatchObject({ ended: "complete", done: 25, requests: 5 });
    await expect(folder.run({ source: itemsSource(urls(3), "orders") })).rejects.toMatchObject({
      code: "JOB_DIFFERS",
    });
  });

  test("an array, whose bad ones are rejected", async () => {
    const folder = new JobFolder();
    const items = [
      ...urls(2),
      "",
      { url: "ftp://x/" },
      { url: `${origin.url}/ok`, json: { a: 1 }, method: "POST" },
    ];
    expect(await folder.run({ source: itemsSource(items) })).toMatchObject({ succeeded: 3, rejected: 2 });
    expect(idsOf(folder.rows())).toEqual([1, 2, 5]);
    expect(folder.rejectedLines().map(({ line }) => line)).toEqual([3, 4]);
  });
});

describe("rows of a program", () => {
  const row = ({
    item,
    response,
    state,
  }: {
    item: { line: number };
    response: { status: number } | undefined;
    state: string;
  }) => ({
    n: item.line,
    status: response?.status,
    state,
  });

  test("stand in the output in the place of the standard ones", async () => {
    const folder = new JobFolder();
    folder.write([...urls(9), `${origin.url}/status/404`]);
    await folder.run({ row });
    const rows = linesOf(folder.output).map(line => JSON.parse(line) as { n: number });
    expect(rows.toSorted((a, b) => a.n - b.n)).toEqual([
      ...range(9).map(n => ({ n, status: 200, state: "succeeded" })),
      { n: 10, status: 404, state: "failed" },
    ]);
    expect(await verifyJob(folder.output)).toMatchObject({ rows: 10, problemCount: 0 });
    await expect(retryItems(folder.output, () => true)).rejects.toMatchObject({ code: "ROWS_NOT_OURS" });
    await expect(folder.run({ row, retryFailed: true })).rejects.toThrow(/its rows are a program's own/);
    await expect(folder.run()).rejects.toThrow(/rows was custom, is standard/);
    expect(await folder.run({ row })).toMatchObject({ ended: "complete", requests: 0 });
    const table = { row, output: join(folder.path, "out.csv") };
    await expect(folder.open(table)).rejects.toThrow(TypeError);
  });

  test("that can't be made end the run; the next one goes on", async () => {
    const folder = new JobFolder();
    folder.write(urls(50));
    const failing = folder.run({
      row: task => {
        if (task.item.line === 17) throw new Error("no row for 17");
        return row(task);
      },
      concurrency: 1,
    });
    await expect(failing).rejects.toThrow("no row for 17");
    expect(await folder.run({ row })).toMatchObject({ ended: "complete", done: 50 });
    const numbers = linesOf(folder.output).map(line => (JSON.parse(line) as { n: number }).n);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(range(50));
  });
});

test("paused, nothing is sent; progress is told until the end", async () => {
  const folder = new JobFolder();
  const before = origin.requestCount;
  const job = await Job.open(folder.output, { source: itemsSource(urls(30)), client: folder.client });
  job.pause();
  const running = job.run();
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(origin.requestCount).toBe(before);
  job.resume();
  const done: number[] = [];
  for await (const progress of job.updates(5)) done.push(progress.done);
  expect(done.at(-1)).toBe(30);
  expect(await running).toMatchObject({ ended: "complete" });
  await job.close();
});

test("what is the same request is sent once, whatever the number of runs", async () => {
  const folder = new JobFolder();
  folder.write(range(60).map(n => `${origin.url}/delay/10?${n % 20}${n % 2 === 0 ? "" : "#a"}`));
  const job = await folder.open({ dedupe: "url", concurrency: 4 });
  const running = job.run();
  while (job.progress.done < 8) await new Promise(resolve => setTimeout(resolve, 2));
  job.drain();
  await running;
  await job.close();
  expect(await folder.run({ dedupe: "url" })).toMatchObject({
    ended: "complete",
    succeeded: 20,
    rejected: 40,
  });
  expect(idsOf(folder.rows())).toEqual(range(20));
  expect(await folder.run({ dedupe: "url" })).toMatchObject({ requests: 0 });
  await expect(folder.run()).rejects.toThrow(/dedupe was url, is none/);
});
