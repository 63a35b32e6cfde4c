// A job that sends from several threads: what it promises with one, it promises with several.

import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import {
  inspectJob,
  type JobOptions,
  type JobThreads,
  jobRows,
  listSource,
  verifyJob,
} from "../../src/entry/jobs.ts";
import { idsOf, JobFolder, linesOf, range } from "./job-folder.ts";
import { runAndKill } from "./killing.ts";
import type { ThreadData } from "./thread-module.ts";

const ORIGINS = 6;
const DELAY_MS = 10;
const PAGES = 2_000;
const MODULE = new URL("./thread-module.ts", import.meta.url);

/** How many requests the origins have in flight: each of them, and all. */
class Load {
  most = 0;
  mostOfOne = 0;
  readonly sent = new Map<string, number>();
  readonly #open = Array.from({ length: ORIGINS }, () => 0);

  begin(origin: number, item: string): void {
    this.#open[origin]! += 1;
    this.mostOfOne = Math.max(this.mostOfOne, this.#open[origin]!);
    this.most = Math.max(
      this.most,
      this.#open.reduce((all, one) => all + one, 0),
    );
    this.sent.set(item, (this.sent.get(item) ?? 0) + 1);
  }

  end(origin: number): void {
    this.#open[origin]! -= 1;
  }
}

let origins: OriginServer[];
let load = new Load();

beforeAll(async () => {
  origins = await Promise.all(
    Array.from({ length: ORIGINS }, (_, number) =>
      originServer({
        remember: 0,
        routes: {
          item: ({ response, parts }) => {
            const now = load;
            now.begin(number, parts[1]!);
            setTimeout(() => {
              now.end(number);
              response.end(`item ${parts[1]}`);
            }, DELAY_MS);
          },
          // Each links to the two below it, which are at other origins, and to itself.
          page: ({ response, parts }) => {
            const page = Number(parts[1]);
            load.begin(number, parts[1]!);
            load.end(number);
            const below = [2 * page, 2 * page + 1].filter(one => one <= PAGES);
            response.end([page, ...below].map(one => `<a href="${pageUrl(one)}">`).join("\n"));
          },
          big: ({ response }) => void response.end(Buffer.alloc(1_500_000, 7)),
        },
      }),
    ),
  );
});

afterAll(() => Promise.all(origins.map(origin => origin.close())));

const pageUrl = (page: number) => `${origins[page % ORIGINS]!.url}/page/${page}`;
const threads = (count: number, data?: ThreadData): JobThreads => ({ count, module: MODULE, data });

function workplace(count: number, among = ORIGINS): JobFolder {
  load = new Load();
  const folder = new JobFolder();
  folder.write(range(count).map(n => `${origins[n % among]!.url}/item/${n}`));
  return folder;
}

const run = (folder: JobFolder, options: Partial<JobOptions> = {}) =>
  folder.run({ threads: threads(3), ...options });

describe("several threads", () => {
  test("send each item once, and its row is what it is with one", async () => {
    const folder = workplace(600);
    const summary = await run(folder);
    expect(summary).toMatchObject({ ended: "complete", done: 600, succeeded: 600, requests: 600 });
    expect(summary.latency!.p50).toBeGreaterThanOrEqual(DELAY_MS - 1);
    expect(idsOf(folder.rows())).toEqual(range(600));
    expect([...load.sent.values()].every(times => times === 1)).toBe(true);
    expect(await verifyJob(folder.output)).toMatchObject({ rows: 600, problems: [] });
    expect(await inspectJob(folder.output)).toMatchObject({ complete: true, succeeded: 600 });
    const rows = new Map(folder.rows().map(row => [row.id, row]));
    rmSync(folder.output);
    await folder.run({ fresh: true });
    for (const row of folder.rows()) {
      const { timings, ...one } = row as unknown as Record<string, unknown>;
      expect(rows.get(row.id)).toMatchObject(one);
      expect(typeof timings).toBe("object");
    }
  });

  test("count, name and retry what fails as one does", async () => {
    const folder = new JobFolder();
    const [a, b, c] = origins.map(({ url }) => url);
    folder.write([`${a}/status/404`, `${b}/status/404`, `${c}/ok`, `${b}/status/500`, "no url", `${a}/ok`]);
    expect(await run(folder, { attempts: 1 })).toMatchObject({
      ...{ succeeded: 2, failed: 3, rejected: 1, ended: "complete" },
      byStatus: new Map([
        [404, 2],
        [500, 1],
        [200, 2],
      ]),
    });
    const { byError } = await inspectJob(folder.output);
    expect(byError.get("HTTP_STATUS")).toMatchObject({ count: 3, sample: expect.stringMatching(/status/i) });
    expect(await run(folder, { accept: () => true, fresh: true })).toMatchObject({ succeeded: 5, failed: 0 });
  });

  test("are never more in flight than the job allows, in all and to one origin", async () => {
    const folder = workplace(600);
    await run(folder, { concurrency: 10, perOrigin: 4 });
    expect(load.most).toBeLessThanOrEqual(10);
    expect(load.mostOfOne).toBeLessThanOrEqual(4);
    expect(load.most).toBeGreaterThan(6);
  });

  test("give their places to the one that has something to do", async () => {
    const folder = workplace(600, 1);
    await run(folder, { concurrency: 12, perOrigin: 12 });
    expect([load.most, load.sent.size]).toEqual([12, 600]);
  });

  test("with fewer places than threads", async () => {
    const folder = workplace(120);
    expect(await run(folder, { concurrency: 2 })).toMatchObject({ succeeded: 120 });
    expect(load.most).toBeLessThanOrEqual(2);
  });

  test("keep what goes to one domain together", async () => {
    const folder = workplace(120);
    const perDomain = { limit: 2, domainOf: () => "one" };
    expect(await run(folder, { perDomain, threads: threads(3, { perDomain: 2 }) })).toMatchObject({
      succeeded: 120,
    });
    expect(load.most).toBe(2);
  });

  test.each(["out.csv", "out.warc.gz", "out.parquet"])("write %s", async name => {
    const folder = workplace(60);
    const output = `${folder.path}/${name}`;
    expect(await run(folder, { output })).toMatchObject({ succeeded: 60 });
    expect(await verifyJob(output)).toMatchObject({ rows: 60, problems: [] });
  });

  test("save bodies as files", async () => {
    const folder = new JobFolder();
    folder.write(origins.map(({ url }) => `${url}/big`));
    expect(await run(folder)).toMatchObject({ succeeded: ORIGINS, bytes: ORIGINS * 1_500_000 });
    expect(folder.rows().every(({ path }) => path !== undefined)).toBe(true);
    expect(await verifyJob(folder.output)).toMatchObject({ problems: [] });
  });

  test("with rows of a program, from the module", async () => {
    const folder = workplace(30);
    await run(folder, { threads: threads(2, { rows: true }) });
    const lines = linesOf(folder.output).map(line => JSON.parse(line) as { line: number; state: string });
    expect(lines.map(({ line }) => line).toSorted((a, b) => a - b)).toEqual(range(30));
    expect(lines.every(({ state }) => state === "succeeded")).toBe(true);
  });
});

describe("what answers lead to", () => {
  const adding = (count: number): Partial<JobOptions> => ({
    threads: { ...threads(count, { adds: true }), adds: true },
  });

  test("is sent once, whichever thread found it, and the job knows of it when it goes on", async () => {
    const folder = workplace(0);
    folder.write([pageUrl(1), pageUrl(7)]);
    const first = await folder.open(adding(3));
    const running = first.run();
    await expect.poll(() => first.progress.done, { interval: 5, timeout: 10_000 }).toBeGreaterThan(50);
    first.drain();
    const { done } = await running;
    await first.close();
    expect(done).toBeLessThan(PAGES);
    expect(await run(folder, adding(2))).toMatchObject({ ended: "complete", done: PAGES, doneBefore: done });
    expect(await run(folder, adding(2))).toMatchObject({ ended: "complete", requests: 0 });
    expect([load.sent.size, ...new Set(load.sent.values())]).toEqual([PAGES, 1]);
    expect(new Set(folder.rows().map(({ url }) => url))).toEqual(new Set(range(PAGES).map(pageUrl)));
    expect(await verifyJob(folder.output)).toMatchObject({ rows: PAGES, problems: [] });
  });

  test.each([
    [
      "a module that gives no add",
      {},
      true,
      /gives no function add; expected one, since threads\.adds is true/,
    ],
    ["an add that the job does not know of", { adds: true }, undefined, /expected threads\.adds to be true/],
  ] as const)("%s is refused", async (_, data, adds, message) => {
    const folder = workplace(3);
    const failure = run(folder, { threads: { ...threads(2, data), ...(adds ? { adds } : undefined) } });
    await expect(failure).rejects.toMatchObject({
      code: "THREAD_FAILED",
      message: expect.stringMatching(message),
    });
  });
});

describe("steering", () => {
  test("drain: what is in flight ends, the rest is for the next run", async () => {
    const folder = workplace(2_000);
    const job = await folder.open({ threads: threads(3), concurrency: 20 });
    setTimeout(() => job.drain(), 400);
    const summary = await job.run();
    await job.close();
    expect(summary.ended).toBe("drained");
    expect(summary.done).toBe(load.sent.size);
    expect(summary.done).toBeLessThan(2_000);
    expect(await run(folder)).toMatchObject({ ended: "complete", done: 2_000, doneBefore: summary.done });
    expect(idsOf(folder.rows())).toEqual(range(2_000));
    expect([...load.sent.values()].every(times => times === 1)).toBe(true);
  });

  test.each(["drain", "abort"] as const)(
    "%s while the threads start: they send no more than is in flight",
    async stop => {
      const folder = workplace(2_000);
      const job = await folder.open({ threads: threads(3) });
      const running = job.run();
      // Items have been given to the threads, which need longer than that to begin.
      await delay(15);
      job[stop]();
      const { ended, done } = await running;
      await job.close();
      expect(ended).toBe(stop === "drain" ? "drained" : "aborted");
      expect(done).toBeLessThanOrEqual(50);
      expect(load.sent.size).toBeLessThanOrEqual(50);
      expect(await run(folder)).toMatchObject({ ended: "complete", done: 2_000, doneBefore: done });
      expect(idsOf(folder.rows())).toEqual(range(2_000));
    },
  );

  test("abort ends at once, and nothing is lost or doubled", async () => {
    const folder = workplace(2_000);
    const job = await folder.open({ threads: threads(3) });
    setTimeout(() => job.abort(), 300);
    expect(await job.run()).toMatchObject({ ended: "aborted" });
    await job.close();
    expect(await run(folder)).toMatchObject({ ended: "complete", done: 2_000 });
    expect(idsOf(folder.rows())).toEqual(range(2_000));
  });

  test("pause, resume, other limits, progress", async () => {
    const folder = workplace(3_000);
    const job = await folder.open({ threads: threads(3), concurrency: 4, perOrigin: 4 });
    const running = job.run();
    while (job.progress.done === 0) await delay(5);
    job.pause();
    await delay(300);
    const { done } = job.progress;
    await delay(200);
    expect(job.progress.done).toBe(done);
    expect(job.progress).toMatchObject({ running: 0, total: 3_000 });
    expect(load.most).toBeLessThanOrEqual(4);
    expect(job.limits({ concurrency: 60, perOrigin: 10 })).toMatchObject({ concurrency: 60, perOrigin: 10 });
    expect(() => job.limits({ rate: "5/s" })).toThrow(/^rate: .*threads/);
    expect(() => job.limits({ concurrency: 0 })).toThrow(/^concurrency: /);
    job.resume();
    expect(await running).toMatchObject({ ended: "complete", done: 3_000 });
    expect([load.most > 30, load.most <= 60, load.mostOfOne]).toEqual([true, true, 10]);
    expect(job.progress).toMatchObject({ running: 0, waiting: 0, pending: 0, requests: 3_000 });
  });

  test("tell what is in flight, the longest first, and what waits, when somebody asks", async () => {
    const folder = new JobFolder();
    folder.write([
      ...origins.map(({ url }, n) => `${url}/delay/${n < 4 ? 3_000 : 10}`),
      `${origins[0]!.url}/retry-after/open?seconds=60`,
    ]);
    const job = await folder.open({ threads: threads(3) });
    const running = job.run();
    const told = async () => {
      for (let look = 0; look < 40 && job.openItems().length < 5; look++) await delay(50);
      return job.openItems();
    };
    const open = await told();
    expect(open.map(({ state }) => state)).toEqual([...Array(4).fill("running"), "waiting"]);
    const times = open.slice(0, 4).map(({ ms }) => ms);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(open.map(({ item }) => item.line).toSorted()).toEqual([1, 2, 3, 4, 7]);
    expect(open[4]).toMatchObject({ attempts: 1, waitsFor: "origin cooling", item: { line: 7 } });
    expect(job.openItems(2)).toHaveLength(2);
    job.abort();
    await running;
    await job.close();
  });

  test("maxErrors ends the job, and says so", async () => {
    const folder = new JobFolder();
    folder.write(range(2_000).map(n => `${origins[n % ORIGINS]!.url}/status/404?${n}`));
    const summary = await run(folder, { maxErrors: 20 });
    expect(summary.ended).toBe("aborted");
    expect(summary.tooManyErrors!.failed).toBeGreaterThan(20);
    // Those that fail while the threads are told to stop.
    expect(summary.failed).toBeLessThan(200);
  });
});

describe("what goes wrong", () => {
  test.each([
    ["throws", /no such thread/],
    ["no client", /gave no client; expected \{ client \}/],
    ["ends", /a thread that sends has ended/],
    ["bad row", /no such row/],
  ] as const)("a module that %s: the job tells, and goes on with another", async (fault, message) => {
    const folder = workplace(3_000);
    const failure = run(folder, { threads: threads(2, { fault }), concurrency: 4 });
    await expect(failure).rejects.toMatchObject({
      code: "THREAD_FAILED",
      message: expect.stringMatching(message),
    });
    if (fault === "bad row") return;
    expect(await run(folder)).toMatchObject({ ended: "complete", done: 3_000 });
    expect(idsOf(folder.rows())).toEqual(range(3_000));
  });

  test("a module that is not there", async () => {
    const folder = workplace(3);
    const module = `${folder.path}/none.mjs`;
    await expect(run(folder, { threads: { count: 2, module } })).rejects.toMatchObject({
      code: "THREAD_FAILED",
      message: expect.stringContaining("none.mjs"),
    });
  });

  test("killed again and again: each item has one line", { timeout: 60_000 }, async () => {
    const folder = workplace(3_000);
    const options = { list: folder.list, output: folder.output, concurrency: 40, threads: 3 };
    let kills = 0;
    for (let kill = 0; kill < 5; kill++) {
      const { wasKilled } = await runAndKill(options, {
        afterMs: 150 + 60 * kill,
        ...(kill % 2 === 1 ? { afterWriteMs: 0 } : undefined),
      });
      if (wasKilled) kills += 1;
    }
    expect(kills).toBeGreaterThan(2);
    expect(await run(folder, { source: listSource(folder.list) })).toMatchObject({
      ended: "complete",
      done: 3_000,
    });
    expect(idsOf(folder.rows())).toEqual(range(3_000));
    expect(await verifyJob(folder.output)).toMatchObject({ problems: [] });
  });

  test("killed: what is not safe to repeat is never sent twice, and little of it is unknown", async () => {
    const folder = workplace(3_000);
    const options = { list: folder.list, output: folder.output, concurrency: 20, threads: 3, method: "POST" };
    await runAndKill(options, { afterMs: 300 });
    const done = await run(folder, { source: listSource(folder.list), method: "POST" });
    expect(done).toMatchObject({ ended: "complete", done: 3_000 });
    expect([...load.sent.values()].every(times => times === 1)).toBe(true);
    let unknown = 0;
    for await (const { state } of jobRows(folder.output)) if (state === "unknown") unknown += 1;
    expect(unknown).toBeLessThan(200);
  });
});

describe("what threads can't do is refused", () => {
  test.each([
    [{ rate: "5/s" }, /^rate: /],
    [{ ordered: true }, /^ordered: /],
    [{ row: () => ({}) }, /^row: .*threads\.module/],
    [{ add: () => [] }, /^add: .*threads\.adds/],
    [{ threads: { count: 0, module: MODULE } }, /^threads\.count: expected .* got 0$/],
    [{ threads: { count: 2, module: 7 as unknown as string } }, /^threads\.module: expected .* got number$/],
    [{ maxErrors: "x%" as "5%" }, /^maxErrors: /],
  ] as const)("%j", async (options, message) => {
    const folder = workplace(3);
    await expect(run(folder, options)).rejects.toThrow(message);
  });

  test("and so is a job that nothing sends for", async () => {
    const folder = workplace(3);
    await expect(folder.run({ client: undefined as never })).rejects.toThrow(
      /^client: expected a Client, or threads/,
    );
  });
});
