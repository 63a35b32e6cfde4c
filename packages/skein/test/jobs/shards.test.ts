// Outputs in many files: `out-{shard}.jsonl`.

import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import { parse } from "csv-parse/sync";
import { inspectJob, type JobOptions, jobRows, retryItems, verifyJob } from "../../src/entry/jobs.ts";
import { isRefusedHere } from "../zstd-lists.ts";
import { idsOf, JobFolder, type Row, range } from "./job-folder.ts";
import { runAndKill } from "./killing.ts";

let origin: OriginServer;

beforeEach(async () => {
  origin = await originServer({
    remember: 0,
    routes: {
      item: ({ request, response, parts }) => {
        const etag = `"${parts[1]}"`;
        if (request.headers["if-none-match"] === etag) return void response.writeHead(304).end();
        response.setHeader("etag", etag);
        response.end(`item ${parts[1]} `.repeat(10));
      },
    },
  });
});

afterEach(() => origin.close());

const items = (count: number) => range(count).map(n => `${origin.url}/item/${n}`);
const shardsIn = (folder: JobFolder) =>
  readdirSync(folder.path)
    .filter(name => /^out-\d{5}\./.test(name))
    .toSorted();

async function rowsOf(output: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of jobRows(output)) rows.push(row as unknown as Row);
  return rows;
}

/** How many rows a shard has, by a reader of its own. */
function rowsIn(path: string): number {
  const bytes = readFileSync(path);
  if (path.endsWith(".warc.gz")) return gunzipSync(bytes).toString().split("WARC-Type: metadata").length - 1;
  const text = path.endsWith(".gz")
    ? gunzipSync(bytes)
    : path.endsWith(".zst")
      ? zstdDecompressSync(bytes)
      : bytes;
  if (/\.csv(\.gz)?$/.test(path))
    return (parse(text, { columns: true }) as { url: string }[]).filter(({ url }) => url.startsWith("http"))
      .length;
  return text
    .toString()
    .trimEnd()
    .split("\n")
    .map(line => JSON.parse(line) as Row).length;
}

describe.each([
  ["out-{shard}.jsonl", 20_000],
  ["out-{shard}.jsonl.gz", 3_000],
  ["out-{shard}.jsonl.zst", 3_000],
  ["out-{shard}.csv", 5_000],
  ["out-{shard}.csv.gz", 1_000],
  ["out-{shard}.warc.gz", 20_000],
])("%s", (name, shardSize) => {
  test.skipIf(isRefusedHere(name))(
    "each shard is a whole file; together they are the output, gone on with, taken out of and asked for again",
    async () => {
      const folder = new JobFolder();
      const output = join(folder.path, name);
      // In groups of their own: a shard ends where a group does.
      const options: Partial<JobOptions> = { output, shardSize, concurrency: 8 };
      const count = 150;
      folder.write([...items(count), `${origin.url}/status/404`]);
      const run = async (more: Partial<JobOptions> = {}) => {
        const job = await folder.open({ ...options, ...more });
        const running = job.run();
        let done = 0;
        for await (const progress of job.updates(20)) {
          // Slows it down, so that its groups are many.
          if (progress.done - done > 20) {
            job.pause();
            await new Promise(resolve => setTimeout(resolve, 70));
            done = progress.done;
            job.resume();
          }
        }
        await job.close();
        return running;
      };
      expect(await run({ rate: "300/s" })).toMatchObject({ ended: "complete", done: 151, failed: 1 });
      const shards = shardsIn(folder);
      expect(shards.length).toBeGreaterThan(1);
      expect(shards).toEqual(
        shards.map((_, index) => name.replace("{shard}", String(index + 1).padStart(5, "0"))),
      );
      for (const shard of shards.slice(0, -1))
        expect(statSync(join(folder.path, shard)).size).toBeGreaterThanOrEqual(shardSize);
      const inShards = shards.map(shard => rowsIn(join(folder.path, shard)));
      expect(inShards.every(rows => rows > 0)).toBe(true);
      expect(inShards.reduce((sum, rows) => sum + rows)).toBe(151);
      expect(idsOf(await rowsOf(output))).toEqual(range(151));
      expect(await verifyJob(output)).toMatchObject({ rows: 151, problems: [] });
      expect(await inspectJob(output)).toMatchObject({ complete: true, done: 151 });

      expect(await retryItems(output, ({ status }) => status === 404)).toBe(1);
      expect(await verifyJob(output)).toMatchObject({ rows: 150, problems: [] });
      expect(await run()).toMatchObject({ ended: "complete", done: 151, requests: 1 });
      expect(await verifyJob(output)).toMatchObject({ rows: 151, problems: [] });
      expect(await run({ refresh: true })).toMatchObject({ ended: "complete", unchanged: 150 });
      expect(await verifyJob(output)).toMatchObject({ rows: 151, problems: [] });
      expect(idsOf(await rowsOf(output))).toEqual(range(151));
      for (const shard of shardsIn(folder)) expect(rowsIn(join(folder.path, shard))).toBeGreaterThan(0);

      expect(await run({ fresh: true })).toMatchObject({ ended: "complete", done: 151 });
      expect(await verifyJob(output)).toMatchObject({ rows: 151, problems: [] });
      expect(readdirSync(folder.path).filter(file => /rewrite|refresh/.test(file))).toEqual([]);
    },
  );
});

test.each(["out-{shard}.jsonl", "out-{shard}.jsonl.gz"])(
  "%s: what is taken out of or asked for again is in files of the same size",
  { timeout: 60_000 },
  async name => {
    const folder = new JobFolder();
    const output = join(folder.path, name);
    folder.write([...items(8_000), `${origin.url}/status/404`]);
    const options = { output, shardSize: 100_000, concurrency: 100, perOrigin: 100 };
    await folder.run(options);
    const sizes = () => shardsIn(folder).map(shard => statSync(join(folder.path, shard)).size);
    const areFair = () => sizes().every(size => size < 250_000) && sizes().length > 3;
    expect(await retryItems(output, ({ status }) => status === 404)).toBe(1);
    expect(sizes()).toSatisfy(areFair);
    await folder.run(options);
    await folder.run({ ...options, refresh: true });
    expect(sizes()).toSatisfy(areFair);
    expect(await verifyJob(output)).toMatchObject({ rows: 8_001, problems: [] });
  },
);

test("journal, rejects and bodies stand beside it, by its name without the shard", async () => {
  const folder = new JobFolder();
  folder.write([...items(3), "a bad line"]);
  const output = join(folder.path, "out-{shard}.jsonl");
  await folder.run({ output, shardSize: 1 });
  expect(readdirSync(folder.path).toSorted()).toEqual([
    "out-00001.jsonl",
    "out-{shard}.jsonl.job.db",
    "out.rejects.jsonl",
    "urls.txt",
  ]);
  // Each commit is a file of its own now.
  folder.write([...items(3), "a bad line", `${origin.url}/item/4`]);
  await folder.run({ output, shardSize: 1 });
  expect(shardsIn(folder)).toEqual(["out-00001.jsonl", "out-00002.jsonl"]);
  expect(await verifyJob(output)).toMatchObject({ rows: 4, problems: [] });
});

describe("shards that were changed", () => {
  async function threeShards(): Promise<{
    folder: JobFolder;
    output: string;
    shard(n: number): string;
    run(): Promise<unknown>;
  }> {
    const folder = new JobFolder();
    const output = join(folder.path, "out-{shard}.jsonl");
    for (const count of [3, 6, 9]) {
      folder.write(items(count));
      await folder.run({ output, shardSize: 100 });
    }
    expect(shardsIn(folder)).toHaveLength(3);
    folder.write(items(12));
    const run = () => folder.run({ output, shardSize: 100 });
    return { folder, output, run, shard: n => join(folder.path, `out-0000${n}.jsonl`) };
  }

  test("one that is gone, longer or shorter than it was is told, by its name; put back, the job goes on", async () => {
    const { shard, run, output } = await threeShards();
    const text = readFileSync(shard(2), "utf8");
    renameSync(shard(2), `${shard(2)}.away`);
    await expect(run()).rejects.toMatchObject({
      code: "OUTPUT_CHANGED",
      path: shard(2),
      message: expect.stringContaining("is gone"),
    });
    expect((await verifyJob(output)).problems).toContainEqual(expect.objectContaining({ path: shard(2) }));
    writeFileSync(shard(2), `${text}\n`);
    await expect(run()).rejects.toMatchObject({ code: "OUTPUT_CHANGED", path: shard(2) });
    expect((await verifyJob(output)).problems).toContainEqual(expect.objectContaining({ path: shard(2) }));
    writeFileSync(shard(2), text.slice(0, -10));
    await expect(run()).rejects.toMatchObject({ code: "OUTPUT_CHANGED", path: shard(2) });
    writeFileSync(shard(2), text);
    expect(await run()).toMatchObject({ ended: "complete", done: 12 });
    expect(await verifyJob(output)).toMatchObject({ rows: 12, problems: [] });
  });

  test.each(["retry", "refresh"])("also after a %s", async how => {
    const folder = new JobFolder();
    const options = { output: join(folder.path, "out-{shard}.jsonl"), shardSize: 20_000 };
    folder.write([...items(600), `${origin.url}/status/404`]);
    await folder.run(options);
    if (how === "retry") expect(await retryItems(options.output, ({ status }) => status === 404)).toBe(1);
    else expect(await folder.run({ ...options, refresh: true })).toMatchObject({ unchanged: 600 });
    const first = join(folder.path, "out-00001.jsonl");
    const text = readFileSync(first, "utf8");
    appendFileSync(first, "{}\n");
    const contents = () => shardsIn(folder).map(name => readFileSync(join(folder.path, name), "utf8"));
    const before = contents();
    await expect(folder.run(options)).rejects.toMatchObject({ code: "OUTPUT_CHANGED", path: first });
    const { problems } = await verifyJob(options.output);
    expect(problems).toContainEqual(expect.objectContaining({ path: first }));
    expect(contents()).toEqual(before);
    writeFileSync(first, text);
    expect(await folder.run(options)).toMatchObject({ ended: "complete", done: 601 });
  });

  test("what a killed process left behind the last commit is cut off: lines, and shards", async () => {
    const { shard, run, output } = await threeShards();
    appendFileSync(shard(3), '{"v":1,');
    writeFileSync(shard(4), "half a line");
    expect(await verifyJob(output)).toMatchObject({ rows: 9, problems: [], uncommittedBytes: 18 });
    expect(await run()).toMatchObject({ done: 12 });
    expect(await verifyJob(output)).toMatchObject({ rows: 12, problems: [], uncommittedBytes: 0 });
  });

  test("without a journal they are not ours", async () => {
    const { folder, run, output } = await threeShards();
    rmSync(`${output}.job.db`);
    await expect(run()).rejects.toMatchObject({ code: "OUTPUT_NOT_OURS" });
    expect(shardsIn(folder)).toHaveLength(3);
  });
});

test.each([
  [
    { output: "out-{shard}.jsonl" },
    /shardSize: expected a number of bytes, at least 1, for .*; got undefined/,
  ],
  [{ output: "out-{shard}.jsonl", shardSize: 0 }, /got 0/],
  [
    { output: "out.jsonl", shardSize: 100 },
    /shardSize: expected an output such as "out-\{shard\}.jsonl"; got/,
  ],
  [{ output: "{shard}-{shard}.jsonl", shardSize: 100 }, /expected \{shard\} once/],
  [{ output: "out-{shard}.parquet", shardSize: 100 }, /"parquet" can't be in many files/],
])("%j is refused", async ({ output, ...options }, message) => {
  const folder = new JobFolder();
  folder.write(items(1));
  await expect(folder.open({ ...options, output: join(folder.path, output) })).rejects.toThrow(message);
  expect(readdirSync(folder.path)).toEqual(["urls.txt"]);
});

test.each(["out-{shard}.jsonl", "out-{shard}.jsonl.zst", "out-{shard}.csv"])(
  "%s: killed again and again, each item has one row",
  { timeout: 90_000 },
  async name => {
    const folder = new JobFolder();
    const output = join(folder.path, name);
    const count = 4_000;
    folder.write(items(count));
    const seed = Date.now() % 100_000;
    let kills = 0;
    for (let kill = 0; kill < 6; kill++) {
      const killed = await runAndKill(
        { list: folder.list, output, concurrency: 40, shardSize: 2_000 },
        { afterMs: 30 + ((seed * (kill + 1)) % 150) },
      );
      if (killed.wasKilled) kills++;
      if (killed.wasKilled) expect(await verifyJob(output), `seed ${seed}`).toMatchObject({ problems: [] });
    }
    expect(kills).toBeGreaterThan(1);
    expect(await folder.run({ output, concurrency: 40, shardSize: 2_000 }), `seed ${seed}`).toMatchObject({
      ended: "complete",
      done: count,
    });
    expect(idsOf(await rowsOf(output)).map(Number)).toEqual(range(count));
    expect(await verifyJob(output)).toMatchObject({ rows: count, problems: [], uncommittedBytes: 0 });
    expect(shardsIn(folder).length).toBeGreaterThan(5);
  },
);
