// A job that is complete, asked for again: what has not changed keeps its row.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import {
  inspectJob,
  itemsSource,
  type JobOptions,
  jobRows,
  retryItems,
  verifyJob,
} from "../../src/entry/jobs.ts";
import { idsOf, JobFolder, type Row, range } from "./job-folder.ts";
import { runAndKill } from "./killing.ts";
import { linksOf } from "./page-links.ts";

let origin: OriginServer;
/** What each page holds; a change of it changes its validators. */
let texts: Map<number, string>;
/** Pages that answer 500. */
let down: Set<number>;
/** The conditions that came with the requests of a page, the last ones. */
let asked: Map<number, string>;
let how: "etag" | "date" | "neither";

beforeEach(async () => {
  texts = new Map();
  down = new Set();
  asked = new Map();
  how = "etag";
  origin = await originServer({
    remember: 0,
    routes: {
      page: ({ request, response, parts }) => {
        const number = Number(parts[1]);
        const { "if-none-match": match, "if-modified-since": since } = request.headers;
        asked.set(number, match ?? since ?? "nothing");
        if (down.has(number)) return void response.writeHead(500).end("down");
        const text = texts.get(number) ?? `page ${number}`;
        const etag = `"${text}"`;
        // A second of its own for each text.
        const date = new Date(1_700_000_000_000 + text.length * 1_000).toUTCString();
        if (how === "etag" && match === etag) return void response.writeHead(304, { etag }).end();
        if (how === "date" && since === date) return void response.writeHead(304).end();
        if (how === "etag") response.setHeader("etag", etag);
        if (how === "date") response.setHeader("last-modified", date);
        response.end(text);
      },
      moved: ({ response, parts }) => void response.writeHead(302, { location: `/page/${parts[1]}` }).end(),
    },
  });
});

afterEach(() => origin.close());

const pages = (count: number) => range(count).map(n => `${origin.url}/page/${n}`);

async function rowsOf(output: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of jobRows(output)) rows.push(row as unknown as Row);
  return rows.toSorted((a, b) => Number(a.id) - Number(b.id));
}

describe.each(["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.warc.gz", "out.csv", "out.parquet"])(
  "%s",
  name => {
    test("keeps the rows of what has not changed, and has new ones of what has", async () => {
      const folder = new JobFolder();
      const output = join(folder.path, name);
      folder.write([...pages(200), "a bad line"]);
      const options: Partial<JobOptions> = { output, ...(name === "out.csv" ? {} : { bodies: "inline" }) };
      if (name === "out.warc.gz") delete options.bodies;
      await folder.run(options);
      const before = await rowsOf(output);
      for (const number of [3, 77, 200]) texts.set(number, `another page ${number}`);
      const summary = await folder.run({ ...options, refresh: true });
      expect(summary).toMatchObject({
        ended: "complete",
        done: 200,
        succeeded: 200,
        unchanged: 197,
        rejected: 1,
      });
      expect(summary.byStatus).toEqual(
        new Map([
          [200, 3],
          [304, 197],
        ]),
      );
      const after = await rowsOf(output);
      const changed = [3, 77, 200];
      expect(after.filter(({ id }) => !changed.includes(Number(id)))).toEqual(
        before.filter(({ id }) => !changed.includes(Number(id))),
      );
      expect(after.filter(({ id }) => changed.includes(Number(id))).map(({ bytes }) => bytes)).toEqual([
        14, 15, 16,
      ]);
      expect(await verifyJob(output)).toMatchObject({ rows: 200, problems: [] });
      expect(await inspectJob(output)).toMatchObject({ complete: true, refreshing: false, unchanged: 197 });
      expect(existsSync(`${output}.refresh`)).toBe(false);
      // Complete again: without being asked to, nothing is sent.
      expect(await folder.run(options)).toMatchObject({ ended: "complete", requests: 0, unchanged: 197 });
      // And once more, by the new validators.
      expect(await folder.run({ ...options, refresh: true })).toMatchObject({
        unchanged: 200,
        requests: 200,
      });
      expect(await rowsOf(output)).toEqual(after);
    });
  },
);

test("asks by date where there is no tag, and without conditions where there is neither", async () => {
  how = "date";
  const folder = new JobFolder();
  folder.write(pages(5));
  await folder.run();
  expect(await folder.run({ refresh: true })).toMatchObject({ unchanged: 5 });
  expect(asked.get(1)).toMatch(/GMT$/);
  how = "neither";
  expect(await folder.run({ refresh: true })).toMatchObject({ succeeded: 5, unchanged: 0 });
  expect(await folder.run({ refresh: true })).toMatchObject({ succeeded: 5, unchanged: 0 });
  expect(asked.get(1)).toBe("nothing");
  expect(folder.rows()).toHaveLength(5);
});

test("what fails keeps the row of a former success, and is told; what failed before has a new row", async () => {
  const folder = new JobFolder();
  folder.write(pages(4));
  down.add(2);
  await folder.run({ attempts: 1 });
  down = new Set([3]);
  const summary = await folder.run({ attempts: 1, refresh: true });
  expect(summary).toMatchObject({ done: 4, succeeded: 3, failed: 1, unchanged: 2 });
  expect(summary.byError.get("HTTP_STATUS")).toMatchObject({ count: 1 });
  const rows = folder.rows();
  expect(idsOf(rows)).toEqual([1, 2, 3, 4]);
  expect(rows.map(({ state }) => state)).toEqual(Array(4).fill("succeeded"));
  expect(await verifyJob(folder.output)).toMatchObject({ problems: [] });
  // Its row says that it succeeded, so there is nothing to take out of the output.
  expect(await retryItems(folder.output, () => true)).toBe(0);
  down.clear();
  expect(await folder.run({ refresh: true })).toMatchObject({ failed: 0, unchanged: 4 });
});

test("between two refreshes, what failed is sent again", async () => {
  const folder = new JobFolder();
  folder.write(pages(6));
  down = new Set([1, 4]);
  await folder.run({ attempts: 1 });
  expect(await folder.run({ attempts: 1, refresh: true })).toMatchObject({ failed: 2, unchanged: 4 });
  down = new Set([4]);
  expect(await folder.run({ attempts: 1, retryFailed: true })).toMatchObject({ failed: 1, requests: 2 });
  expect(await verifyJob(folder.output)).toMatchObject({ rows: 6, problems: [] });
  texts.set(2, "new");
  down.clear();
  expect(await folder.run({ refresh: true })).toMatchObject({ failed: 0, unchanged: 4 });
  expect(await verifyJob(folder.output)).toMatchObject({ rows: 6, problems: [] });
  const bodies = folder.rows().map(({ id, body }) => [id, body]);
  expect(bodies.toSorted()).toEqual([[1, "page 1"], [2, "new"], ...[3, 4, 5, 6].map(n => [n, `page ${n}`])]);
});

test("a redirect that is there now, and was not there then, says nothing of what was there", async () => {
  const folder = new JobFolder();
  folder.write([`${origin.url}/moved/1`, `${origin.url}/page/2`]);
  await folder.run();
  expect(await folder.run({ refresh: true })).toMatchObject({ succeeded: 2, unchanged: 2 });
});

test("what is not safe to repeat is not asked for again", async () => {
  const folder = new JobFolder();
  const items = [...pages(2), { url: `${origin.url}/page/3`, method: "POST" }];
  const options = { source: itemsSource(items, "three") };
  await folder.run(options);
  asked.clear();
  expect(await folder.run({ ...options, refresh: true })).toMatchObject({
    ended: "complete",
    done: 3,
    requests: 2,
  });
  expect([...asked.keys()].toSorted()).toEqual([1, 2]);
  expect(await inspectJob(folder.output)).toMatchObject({ done: 3, succeeded: 3, unchanged: 3 });
  // And again: the order of the rows is still known.
  expect(await folder.run({ ...options, refresh: true })).toMatchObject({
    ended: "complete",
    done: 3,
    unchanged: 3,
  });
  expect(folder.rows()).toHaveLength(3);
});

test("drained, it goes on from there; meanwhile the output is the former one", async () => {
  const folder = new JobFolder();
  folder.write(pages(300));
  await folder.run();
  const before = readFileSync(folder.output);
  for (const number of range(300)) texts.set(number, `new ${number}`);
  const job = await folder.open({ refresh: true, concurrency: 4 });
  const running = job.run();
  while (job.progress.done < 100) await new Promise(resolve => setTimeout(resolve, 1));
  job.drain();
  expect(await running).toMatchObject({ ended: "drained" });
  await job.close();
  const done = job.progress.done;
  expect(done).toBeLessThan(300);
  expect(readFileSync(folder.output)).toEqual(before);
  expect(await verifyJob(folder.output)).toMatchObject({ rows: 300, problems: [] });
  expect(await inspectJob(folder.output)).toMatchObject({ complete: false, refreshing: true, done });
  await expect(retryItems(folder.output, () => true)).resolves.toBe(0);
  asked.clear();
  // The option need not be given again.
  expect(await folder.run()).toMatchObject({
    ended: "complete",
    done: 300,
    succeeded: 300,
    doneBefore: done,
  });
  expect(asked.size).toBe(300 - done);
  expect(folder.rows().every(({ body, id }) => body === `new ${id}`)).toBe(true);
});

test("new lines of the list come with it; one that is not complete goes on first", async () => {
  const folder = new JobFolder();
  folder.write(pages(3));
  expect(await folder.run({ refresh: true })).toMatchObject({ succeeded: 3, unchanged: 0 });
  folder.write(pages(5));
  const summary = await folder.run({ refresh: true });
  expect(summary.ended).toBe("complete");
  expect(idsOf(folder.rows())).toEqual(range(5));
  expect(await verifyJob(folder.output)).toMatchObject({ problems: [] });
});

test("rows of a program, and bodies in files", async () => {
  const folder = new JobFolder();
  folder.write(pages(3));
  const options = {
    row: ({ item, response }: { item: { line: number }; response: { text(): string } | undefined }) => ({
      n: item.line,
      text: response?.text(),
    }),
  } as Partial<JobOptions>;
  await folder.run(options);
  texts.set(2, "changed");
  expect(await folder.run({ ...options, refresh: true })).toMatchObject({ unchanged: 2 });
  const rows = readFileSync(folder.output, "utf8")
    .trim()
    .split("\n")
    .map(line => JSON.parse(line) as { n: number; text: string });
  expect(rows.toSorted((a, b) => a.n - b.n).map(({ text }) => text)).toEqual(["page 1", "changed", "page 3"]);
  const files = new JobFolder();
  files.write(pages(3));
  const bodies = { bodies: { directory: join(files.path, "bodies") } };
  await files.run(bodies);
  await files.run({ ...bodies, refresh: true });
  expect(await verifyJob(files.output)).toMatchObject({ bodies: 3, problems: [] });
});

describe("what it refuses", () => {
  test.each([
    [{ fresh: true }, /refresh: fresh forgets/],
    [{ retryFailed: true }, /retryFailed for some/],
    [{ method: "POST" }, /only GET, HEAD and OPTIONS are sent again; the method is POST/],
    [{ add: linksOf }, /finds its items in answers can't be refreshed/],
    [{ threads: { count: 2, module: new URL("./thread-module.ts", import.meta.url) } }, /leave out threads/],
  ] as [Partial<JobOptions>, RegExp][])("%o", async (options, message) => {
    const folder = new JobFolder();
    folder.write(pages(1));
    await expect(folder.open({ ...options, refresh: true })).rejects.toThrow(message);
  });

  test("an output that was edited: it stays, and so does the refresh", async () => {
    const folder = new JobFolder();
    folder.write(pages(20));
    await folder.run();
    const text = readFileSync(folder.output, "utf8");
    texts.set(4, "new");
    // As long as before, and a line less.
    writeFileSync(folder.output, text.replace("\n", " "));
    await expect(folder.run({ refresh: true })).rejects.toMatchObject({ code: "OUTPUT_CHANGED" });
    writeFileSync(folder.output, text);
    expect(await folder.run()).toMatchObject({ ended: "complete", unchanged: 19 });
    expect(idsOf(folder.rows())).toEqual(range(20));
  });
});

test("killed again and again: each item has one row, the former or the new one", {
  timeout: 90_000,
}, async () => {
  const count = 2_000;
  const folder = new JobFolder();
  folder.write(pages(count));
  await folder.run();
  const seed = Date.now() % 100_000;
  for (const number of range(count)) if (number % 3 === seed % 3) texts.set(number, `new ${number}`);
  let kills = 0;
  for (let kill = 0; kill < 8; kill++) {
    const killed = await runAndKill(
      { list: folder.list, output: folder.output, concurrency: 20, refresh: true },
      { afterMs: 20 + ((seed * (kill + 1)) % 250) },
    );
    if (killed.wasKilled) kills++;
    expect(await verifyJob(folder.output), `seed ${seed}, kill ${kill}`).toMatchObject({
      rows: count,
      problems: [],
    });
  }
  expect(kills).toBeGreaterThan(1);
  const before = await inspectJob(folder.output);
  if (before.refreshing) await folder.run();
  expect(await inspectJob(folder.output), `seed ${seed}`).toMatchObject({ complete: true, done: count });
  const rows = folder.rows();
  expect(idsOf(rows)).toEqual(range(count));
  for (const { id, body } of rows) expect(body).toBe(texts.get(Number(id)) ?? `page ${id}`);
});
