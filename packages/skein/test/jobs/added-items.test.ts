// Jobs whose answers lead to more items: a site that is gone through page by page, an interface that answers in pages.

import { DatabaseSync } from "node:sqlite";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import { argumentsSource, inspectJob, itemsSource, type JobTask, verifyJob } from "../../src/entry/jobs.ts";
import { JobFolder, linesOf, range } from "./job-folder.ts";
import { runAndKill } from "./killing.ts";
import { linksOf } from "./page-links.ts";

let origin: OriginServer;
/** How often each page was asked for. */
let seen: Map<number, number>;
let pages: number;
/** A page that can't be had. */
let down: number;

beforeEach(async () => {
  seen = new Map();
  pages = 60;
  down = 0;
  origin = await originServer({
    remember: 0,
    routes: {
      // Each links to two further ones, to those before it, to itself, and to what is no page.
      page: ({ response, parts }) => {
        const number = Number(parts[1]);
        seen.set(number, (seen.get(number) ?? 0) + 1);
        if (number === down) {
          response.writeHead(500).end();
          return;
        }
        const further = [2 * number, 2 * number + 1].filter(n => n <= pages);
        const links = [...further, Math.ceil(number / 2), Math.max(1, number - 1)].map(n => `../page/${n}`);
        const others = [
          `#top`,
          `./${number}#end`,
          `${origin.url.replace("http", "HTTP")}/page/%31`,
          "mailto:a@b",
        ];
        response.end([...links, ...others].map(href => `<a href="${href}">`).join("\n"));
      },
      // An interface whose pages name the next one; asked with a cursor as content.
      cursor: ({ request, response }) => {
        let body = "";
        request.on("data", text => {
          body += text;
        });
        request.on("end", () => {
          const { after } = JSON.parse(body) as { after: number };
          seen.set(after, (seen.get(after) ?? 0) + 1);
          response.end(JSON.stringify({ next: after + 1 < pages ? after + 1 : null }));
        });
      },
    },
  });
});

afterEach(() => origin.close());

const page = (number: number) => `${origin.url}/page/${number}`;

function numbersOf(folder: JobFolder): number[] {
  return folder
    .rows()
    .map(({ url }) => Number(new URL(url).pathname.split("/")[2]))
    .toSorted((a, b) => a - b);
}

test("a site is gone through to its last page, each page once", async () => {
  const folder = new JobFolder();
  const summary = await folder.run({ source: argumentsSource([page(1)]), add: linksOf });
  expect(summary).toMatchObject({ ended: "complete", done: 60, succeeded: 60, rejected: 1 });
  expect(numbersOf(folder)).toEqual(range(60));
  expect([...seen.values()].every(times => times === 1)).toBe(true);
  expect(folder.rows().find(({ url }) => url === page(1))).toMatchObject({ id: 1 });
  expect(folder.rows().find(({ url }) => url === page(2))).toMatchObject({ id: "+0" });
  expect(folder.rejectedLines()).toEqual([
    {
      v: 1,
      line: expect.stringMatching(/^\+\d+$/),
      reason: expect.stringMatching(/mailto/),
      text: "mailto:a@b",
    },
  ]);
  expect(await verifyJob(folder.output)).toMatchObject({ rows: 60, problemCount: 0 });
  expect(await inspectJob(folder.output)).toMatchObject({ complete: true, done: 60, endedTo: 1 });
  const again = await folder.run({ source: argumentsSource([page(1)]), add: linksOf });
  expect(again).toMatchObject({ ended: "complete", requests: 0 });
});

test("what the list has is not sent a second time, nor what is alike and spelled in another way", async () => {
  const folder = new JobFolder();
  folder.write([page(1), page(40), page(3)]);
  expect(await folder.run({ add: linksOf, concurrency: 1 })).toMatchObject({ done: 60, requests: 60 });
  expect(numbersOf(folder)).toEqual(range(60));
  const others = new JobFolder();
  const exact = { source: argumentsSource([page(1)]), dedupe: "exact", add: linksOf } as const;
  expect(await others.run(exact)).toMatchObject({ ended: "complete" });
  // The same page, with another fragment each.
  expect(numbersOf(others).length).toBeGreaterThan(120);
});

test("as deep as a program wishes", async () => {
  const folder = new JobFolder();
  const add = (task: JobTask) => (task.depth < 2 ? linksOf(task) : []);
  await folder.run({ source: argumentsSource([page(1)]), add });
  expect(numbersOf(folder)).toEqual(range(7));
});

test("its progress counts what has been found", async () => {
  const folder = new JobFolder();
  const job = await folder.open({ source: argumentsSource([page(1)]), add: linksOf });
  const totals: (number | undefined)[] = [];
  for await (const { total } of job.updates(1)) totals.push(total);
  expect(totals.at(-1)).toBe(60);
});

describe("an interface that answers in pages", () => {
  const next = ({ response }: JobTask) => {
    const { next: after } = JSON.parse(response?.text() ?? "{}") as { next: number | null };
    return after === null ? [] : [{ url: "/cursor", json: { after }, id: `after ${after}`, meta: { after } }];
  };
  const first = () => itemsSource([{ url: `${origin.url}/cursor`, json: { after: 0 } }], "orders");

  test("is followed to its last page, without waiting in between", async () => {
    const folder = new JobFolder();
    const started = performance.now();
    const summary = await folder.run({ source: first(), method: "POST", add: next });
    expect(summary).toMatchObject({ ended: "complete", succeeded: 60 });
    const ids = folder.rows().map(({ id }) => id);
    expect(ids).toEqual([1, ...range(59).map(n => `after ${n}`)]);
    expect(folder.rows().at(-1)!.meta).toEqual({ after: 59 });
    // 50 ms a page, if each waited for its group to be old enough.
    expect(performance.now() - started).toBeLessThan(60 * 50);
  });

  test("one that is drained goes on from where it was; what failed is tried again, and leads on", async () => {
    const folder = new JobFolder();
    let job = await folder.open({ source: first(), method: "POST", add: next });
    const running = job.run();
    while (job.progress.done < 20) await new Promise(resolve => setTimeout(resolve, 1));
    job.drain();
    expect(await running).toMatchObject({ ended: "drained" });
    await job.close();
    const stopped = job.progress.done;
    expect(stopped).toBeLessThan(60);
    job = await folder.open({ source: first(), method: "POST", add: next });
    expect(await job.run()).toMatchObject({ ended: "complete", done: 60, doneBefore: stopped });
    await job.close();
    expect([...seen.values()].every(times => times === 1)).toBe(true);
  });
});

test("what failed is run again, and what it leads to then is found", async () => {
  const folder = new JobFolder();
  const numberOf = (url: string) => Number(url.split("/").at(-1));
  // From the top down only: below the page that can't be had, nothing is found by another way.
  const add = (task: JobTask) =>
    linksOf(task).filter(link => numberOf(link) > numberOf(task.item.request.url));
  const options = { source: argumentsSource([page(1)]), attempts: 1, add };
  down = 2;
  const summary = await folder.run(options);
  expect(summary).toMatchObject({ ended: "complete", failed: 1 });
  expect(summary.done).toBeLessThan(50);
  down = 0;
  const after = await folder.run({ ...options, retryFailed: true });
  expect(after).toMatchObject({ ended: "complete", done: 60, failed: 0 });
  expect(numbersOf(folder)).toEqual(range(60));
});

describe("what a program gives that is none", () => {
  test.each([
    ["nothing at all", () => undefined, /add: expected an array of items; got undefined/],
    ["a text", () => "http://x/", /add: expected an array of items; got string/],
    ["a number among them", () => [1], /add: expected URLs, or objects with a "url"; got number/],
  ])("%s ends the run, and the item stays pending", async (_, add, message) => {
    const folder = new JobFolder();
    const source = argumentsSource([page(1)]);
    await expect(folder.run({ source, add: add as never })).rejects.toThrow(message);
    expect(await folder.run({ source, add: linksOf })).toMatchObject({
      ended: "complete",
      done: 60,
      doneBefore: 0,
    });
  });

  test("a job that adds is another than one that does not; threads have it from their module", async () => {
    const folder = new JobFolder();
    const source = argumentsSource([page(1)]);
    await folder.run({ source, add: linksOf });
    await expect(folder.run({ source })).rejects.toThrow(/adds was custom, is nothing/);
    const threads = { count: 2, module: new URL("./thread-module.ts", import.meta.url) };
    await expect(folder.open({ source, add: linksOf, threads })).rejects.toThrow(
      /add: a function can't be handed/,
    );
  });
});

test.each([
  ["one thread", {}],
  ["three threads", { threads: 3 }],
])(
  "killed again and again with %s: no page is lost, none has two rows",
  { timeout: 120_000 },
  async (_, sends) => {
    pages = 5_000;
    const folder = new JobFolder();
    folder.write([page(1), page(4_999)]);
    const seed = Date.now() % 100_000;
    let inside = 0;
    let kills = 0;
    for (let kill = 0; kill < 8; kill++) {
      const plan = {
        // Threads take a while to start.
        afterMs: 40 + ((seed * (kill + 1)) % 300) + ("threads" in sends ? 200 : 0),
        ...(kill % 2 === 1 ? { afterWriteMs: 0 } : undefined),
      };
      const killed = await runAndKill(
        { list: folder.list, output: folder.output, concurrency: 40, crawl: true, ...sends },
        plan,
      );
      if (killed.insideCommit) inside++;
      if (killed.wasKilled) kills++;
    }
    expect(kills).toBeGreaterThan(1);
    const summary = await folder.run({ concurrency: 40, add: linksOf });
    expect(summary, `seed ${seed}, ${inside} kills inside a commit`).toMatchObject({
      ended: "complete",
      done: 5_000,
      succeeded: 5_000,
      rejected: 1,
    });
    expect(numbersOf(folder)).toEqual(range(5_000));
    expect(linesOf(folder.rejects)).toHaveLength(1);
    const database = new DatabaseSync(folder.journal);
    expect(database.prepare("SELECT count(*) AS rows FROM items").get()).toEqual({ rows: 5_001 });
    database.close();
  },
);

test("killed, what is not safe to repeat is sent at most once", { timeout: 60_000 }, async () => {
  pages = 2_000;
  const folder = new JobFolder();
  folder.write([page(1)]);
  const options = { list: folder.list, output: folder.output, concurrency: 10, crawl: true, method: "POST" };
  for (let kill = 0; kill < 3; kill++) await runAndKill(options, { afterMs: 60 + kill * 30 });
  const summary = await folder.run({ method: "POST", concurrency: 10, add: linksOf });
  expect(summary).toMatchObject({ ended: "complete", failed: 0 });
  expect([...seen].filter(([, times]) => times > 1)).toEqual([]);
  expect(folder.rows()).toHaveLength(summary.done);
  expect(folder.rows().filter(({ state }) => state === "unknown")).toHaveLength(summary.unknown);
});
