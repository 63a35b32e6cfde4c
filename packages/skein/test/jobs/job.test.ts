import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { argumentsSource } from "../../src/entry/jobs.ts";
import { Client } from "../../src/entry/node.ts";
import { idsOf, JobFolder, range } from "./job-folder.ts";

let origin: OriginServer;

beforeAll(async () => {
  origin = await originServer({
    routes: {
      item: ({ response, parts }) => void response.end(`item ${parts[1]}`),
      type: ({ response, query }) => {
        response.setHeader("content-type", query.get("type") ?? "");
        response.end(Buffer.from(query.get("hex") ?? "", "hex"));
      },
    },
  });
});

afterAll(() => origin.close());

function items(count: number, from = 1): string[] {
  return range(count).map(n => `${origin.url}/item/${n + from - 1}`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}

describe("a job that is complete", () => {
  test("sends nothing when it is opened again, and tells how it ended", async () => {
    const folder = new JobFolder();
    folder.write([...items(50), `${origin.url}/status/404`]);
    const first = await folder.run();
    const sent = origin.requestCount;
    const output = readFileSync(folder.output);
    const job = await folder.open();
    expect(job.complete).toBe(true);
    expect(job.resumed).toEqual({ done: 51, rejected: 0 });
    expect(await job.run()).toMatchObject({
      ended: "complete",
      done: 51,
      doneBefore: 51,
      failed: 1,
      requests: 0,
      byStatus: first.byStatus,
      byError: first.byError,
    });
    expect(job.progress).toMatchObject({ total: 51, done: 51, running: 0 });
    expect(origin.requestCount).toBe(sent);
    expect(readFileSync(folder.output)).toEqual(output);
  });

  test("goes on with lines that were added to the list", async () => {
    const folder = new JobFolder();
    folder.write(items(10));
    await folder.run();
    folder.write(items(15));
    const job = await folder.open();
    expect(job.complete).toBe(false);
    expect(await job.run()).toMatchObject({ ended: "complete", done: 15, doneBefore: 10, requests: 5 });
    expect(idsOf(folder.rows())).toEqual(range(15));
  });

  test("is not complete once its list has grown, though a run was stopped before its first commit", async () => {
    const folder = new JobFolder();
    folder.write(items(3));
    await folder.run();
    folder.write(items(5));
    const stopped = await folder.open();
    expect(stopped.complete).toBe(false);
    await stopped.close();
    expect(await folder.run()).toMatchObject({ ended: "complete", done: 5, requests: 2 });
    expect((await folder.open()).complete).toBe(true);
  });

  test("goes on where the last line had no line break", async () => {
    const folder = new JobFolder();
    writeFileSync(folder.list, items(3).join("\n"));
    await folder.run();
    writeFileSync(folder.list, items(5).join("\n"));
    expect(await folder.run()).toMatchObject({ done: 5, doneBefore: 3 });
    expect(idsOf(folder.rows())).toEqual(range(5));
    expect(await folder.run()).toMatchObject({ requests: 0, done: 5 });
  });

  test("fresh: begins anew", async () => {
    const folder = new JobFolder();
    folder.write([...items(5), "bad line"]);
    await folder.run();
    folder.write(items(3, 100));
    expect(await folder.run({ fresh: true })).toMatchObject({ done: 3, doneBefore: 0, rejected: 0 });
    expect(
      folder
        .rows()
        .map(row => row.body)
        .toSorted(),
    ).toEqual(["item 100", "item 101", "item 102"]);
    expect(existsSync(folder.rejects)).toBe(false);
  });

  test("of arguments is known again too", async () => {
    const folder = new JobFolder();
    const source = () => argumentsSource(items(3));
    await folder.run({ source: source() });
    expect((await folder.open({ source: source() })).complete).toBe(true);
  });
});

describe("a job that was stopped", () => {
  test("by drain: what is in flight is finished, the rest is done by the next run", async () => {
    const folder = new JobFolder();
    folder.write(range(300).map(n => `${origin.url}/delay/20?${n}`));
    const job = await folder.open({ concurrency: 10 });
    const running = job.run();
    await until(() => job.progress.done >= 30);
    job.drain();
    const summary = await running;
    await job.close();
    expect(summary.ended).toBe("drained");
    expect(summary.done).toBeLessThan(300);
    expect(idsOf(folder.rows())).toHaveLength(summary.done);
    const rest = await folder.run();
    expect(rest).toMatchObject({ ended: "complete", done: 300, doneBefore: summary.done });
    // Nothing that had ended was sent a second time, and nothing that was in flight was given up.
    expect(rest.requests).toBe(300 - summary.done);
    expect(idsOf(folder.rows())).toEqual(range(300));
  });

  test("by abort: what is in flight is given up at once, and sent by the next run", async () => {
    const folder = new JobFolder();
    folder.write([...items(20), ...range(10).map(n => `${origin.url}/hang?${n}`)]);
    const job = await folder.open({ concurrency: 10 });
    const running = job.run();
    await until(() => job.progress.done === 20 && job.progress.running === 10);
    job.abort();
    expect(await running).toMatchObject({ ended: "aborted", done: 20 });
    await job.close();
    expect(await folder.run({ timeout: "50ms", attempts: 1 })).toMatchObject({
      ended: "complete",
      done: 30,
      failed: 10,
    });
    expect(idsOf(folder.rows())).toEqual(range(30));
  });

  test("by closing its client: that is no failure of the items", async () => {
    const folder = new JobFolder();
    folder.write(range(100).map(n => `${origin.url}/delay/10?${n}`));
    const client = new Client();
    const job = await folder.open({ client, concurrency: 5 });
    const running = job.run();
    await until(() => job.progress.done >= 20);
    await client.close();
    expect(await running).toMatchObject({ ended: "aborted", failed: 0 });
    await job.close();
    expect(await folder.run()).toMatchObject({ ended: "complete", succeeded: 100 });
    expect(idsOf(folder.rows())).toEqual(range(100));
  });

  test("by its signal", async () => {
    const folder = new JobFolder();
    folder.write([`${origin.url}/hang`]);
    const controller = new AbortController();
    const job = await folder.open({ signal: controller.signal });
    const running = job.run();
    await until(() => job.progress.running === 1);
    controller.abort();
    expect(await running).toMatchObject({ ended: "aborted", done: 0 });
    const before = await folder.open({ signal: controller.signal, output: join(folder.path, "other.jsonl") });
    expect(await before.run()).toMatchObject({ ended: "aborted", requests: 0 });
  });

  test("by close, which may be called twice, and before a run", async () => {
    const folder = new JobFolder();
    folder.write([`${origin.url}/hang`, ...items(3)]);
    const job = await folder.open();
    const running = job.run();
    await until(() => job.progress.done === 3);
    await Promise.all([job.close(), job.close()]);
    expect(await running).toMatchObject({ ended: "aborted", done: 3 });
    const unused = await folder.open();
    await unused.close();
    expect(await unused.run()).toMatchObject({ ended: "aborted" });
    expect(readdirSync(folder.path).toSorted()).toEqual(["out.jsonl", "out.jsonl.job.db", "urls.txt"]);
  });
});

describe("bad lines", () => {
  test("go to the rejects with their number and reason, once, whatever the number of runs", async () => {
    const folder = new JobFolder();
    folder.write([
      "mailto:a@b",
      ...items(100),
      "not a url",
      ...range(50).map(n => `${origin.url}/delay/20?${n}`),
    ]);
    const job = await folder.open({ concurrency: 5 });
    const running = job.run();
    await until(() => job.progress.done >= 105);
    job.abort();
    await running;
    await job.close();
    const summary = await folder.run();
    expect(summary).toMatchObject({ ended: "complete", done: 150, rejected: 2 });
    expect(folder.rejectedLines()).toEqual([
      expect.objectContaining({ v: 1, line: 1, text: "mailto:a@b" }),
      expect.objectContaining({ line: 102, reason: expect.stringMatching(/white space/), text: "not a url" }),
    ]);
    expect(idsOf(folder.rows())).toEqual(range(152).filter(n => n !== 1 && n !== 102));
  });

  test("alone are no empty list", async () => {
    const folder = new JobFolder();
    folder.write(["ftp://a/", "ftp://b/"]);
    expect(await folder.run()).toMatchObject({ ended: "complete", done: 0, rejected: 2 });
    expect(folder.rows()).toEqual([]);
  });
});

describe("failed items", () => {
  test("are run again when asked, and have one line in the end", async () => {
    const folder = new JobFolder();
    folder.write([
      ...items(40),
      ...range(5).map(n => `${origin.url}/flaky/more${n}/1`),
      `${origin.url}/status/404`,
    ]);
    expect(await folder.run({ attempts: 1 })).toMatchObject({ done: 46, failed: 6 });
    const sent = origin.requestCount;
    const job = await folder.open({ attempts: 1, retryFailed: true });
    expect(job.complete).toBe(false);
    expect(job.resumed).toEqual({ done: 40, rejected: 0 });
    expect(await job.run()).toMatchObject({ ended: "complete", done: 46, failed: 1, requests: 6 });
    await job.close();
    expect(origin.requestCount).toBe(sent + 6);
    expect(idsOf(folder.rows())).toEqual(range(46));
    expect(folder.rows().filter(row => row.state === "failed")).toMatchObject([{ status: 404 }]);
    expect(readdirSync(folder.path)).not.toContain("out.jsonl.rewrite");
  });

  test("none of them: a complete job stays complete", async () => {
    const folder = new JobFolder();
    folder.write(items(3));
    await folder.run();
    expect((await folder.open({ retryFailed: true })).complete).toBe(true);
  });
});

test("no credential is in any file", async () => {
  const folder = new JobFolder();
  const host = origin.url.slice("http://".length);
  folder.write([
    `http://user:canary@${host}/item/1`,
    JSON.stringify({ url: `http://canary@${host}/status/404`, headers: { Cookie: "canary" } }),
    `ftp://user:canary@${host}/`,
    '{"url":"http://x/","headers":{"Authorization":"canary"',
    `http://user:canary@127.0.0.1:1/`,
  ]);
  const headers = { Authorization: "Bearer canary", "X-Api-Key": "canary" };
  await folder.run({ headers, attempts: 1 });
  for (const name of readdirSync(folder.path).filter(name => name !== "urls.txt")) {
    expect(readFileSync(join(folder.path, name), "latin1")).not.toContain("canary");
  }
  expect(folder.rows().find(row => row.id === 1)?.url).toBe(`${origin.url}/item/1`);
  expect(origin.requests.at(-1)?.header("x-api-key")).toBe("canary");
});

test("an item's own method, headers and body come before the job's", async () => {
  const folder = new JobFolder();
  const own = { method: "PATCH", headers: { "x-a": "own", "idempotency-key": "1" }, body: "own" };
  folder.write([JSON.stringify({ url: `${origin.url}/echo`, ...own }), `${origin.url}/echo`]);
  await folder.run({ method: "PUT", headers: { "X-A": "job", "x-b": "job" }, body: "job" });
  const echoes = folder
    .rows()
    .toSorted((a, b) => Number(a.id) - Number(b.id))
    .map(row => JSON.parse(row.body ?? ""));
  const header = (echo: { headers: [string, string][] }, name: string) =>
    echo.headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);
  expect(echoes).toMatchObject([
    { method: "PATCH", body: "own" },
    { method: "PUT", body: "job" },
  ]);
  expect(echoes.map(echo => [header(echo, "x-a"), header(echo, "x-b")])).toEqual([
    [["own"], ["job"]],
    [["job"], ["job"]],
  ]);
});

test("progress tells the total of the list, what is done, and how it goes", async () => {
  const folder = new JobFolder();
  folder.write([...items(200), "bad line", `${origin.url}/hang`]);
  const job = await folder.open({ timeout: "1500ms", attempts: 1 });
  expect(job.progress).toMatchObject({ total: undefined, done: 0, elapsedMs: 0, latency: undefined });
  const running = job.run();
  await until(() => job.progress.done === 200);
  expect(job.progress).toMatchObject({ total: 201, succeeded: 200, running: 1, rejected: 1, requests: 200 });
  expect(job.progress.bytes).toBe(
    range(200)
      .map(n => `item ${n}`)
      .join("").length,
  );
  expect(job.progress.latency?.p50).toBeGreaterThan(0);
  const summary = await running;
  expect(summary).toMatchObject({ done: 201, failed: 1 });
  expect(job.progress).toMatchObject({ total: 201, done: 201, running: 0 });
  expect(await job.run()).toBe(summary);
});

test("a body that can't be written ends the job, which goes on when that is mended", async () => {
  const folder = new JobFolder();
  folder.write([...items(30), `${origin.url}/bytes/2000000`, ...items(100)]);
  writeFileSync(join(folder.path, "out.bodies"), "in the way");
  const job = await folder.open({ concurrency: 4 });
  await expect(job.run()).rejects.toMatchObject({ name: "JobError", code: "FILE_FAILED", resumable: true });
  await job.close();
  rmSync(join(folder.path, "out.bodies"));
  expect(await folder.run()).toMatchObject({ ended: "complete", done: 131, succeeded: 131 });
  expect(idsOf(folder.rows())).toEqual(range(131));
});
