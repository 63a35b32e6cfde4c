// What stands where a job writes, and is not the job's, is left as it is, and named.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { inspectJob, retryItems, verifyJob } from "../../src/entry/jobs.ts";
import { JobFolder, linesOf } from "./job-folder.ts";

let origin: OriginServer;

beforeEach(async () => {
  origin = await originServer();
});

afterEach(() => origin.close());

const urls = (count: number) => Array.from({ length: count }, (_, i) => `${origin.url}/ok?${i}`);

test.each([{}, { fresh: true }])("the output of another job where rejected lines go: %o", async options => {
  const folder = new JobFolder();
  folder.write(urls(3));
  await folder.run();
  // A row of a job begins as a rejected line does, and goes on otherwise.
  const other = '{"v":1,"id":1,"url":"http://a.test/"}\n';
  writeFileSync(folder.rejects, other);
  const before = readFileSync(folder.output, "utf8");
  await expect(folder.run(options)).rejects.toMatchObject({
    code: "FILE_NOT_OURS",
    path: folder.rejects,
    message: expect.stringContaining("is where rejected lines go, and holds something else"),
  });
  expect(readFileSync(folder.rejects, "utf8")).toBe(other);
  expect(readFileSync(folder.output, "utf8")).toBe(before);
  renameSync(folder.rejects, `${folder.rejects}.mine`);
  expect(await folder.run(options)).toMatchObject({ ended: "complete", done: 3 });
});

test("rejected lines that were never committed, in part or whole, are taken away", async () => {
  const folder = new JobFolder();
  folder.write(urls(3));
  await folder.run();
  for (const left of ['{"v":1,"li', '{"v":1,"line":7,"reason":"no URL","text":"x"}\n{"v"']) {
    writeFileSync(folder.rejects, left);
    await folder.run();
    expect(existsSync(folder.rejects)).toBe(false);
  }
});

test("a database of something else where the journal would be, also for who begins anew", async () => {
  const folder = new JobFolder();
  folder.write(urls(3));
  const foreign = new DatabaseSync(folder.journal);
  foreign.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine'); PRAGMA user_version = 9");
  foreign.close();
  const before = readFileSync(folder.journal);
  for (const options of [{}, { fresh: true }]) {
    await expect(folder.run(options)).rejects.toMatchObject({
      code: "FILE_NOT_OURS",
      message: expect.stringContaining("a database of something else: move it away"),
    });
    expect(readFileSync(folder.journal).equals(before)).toBe(true);
  }
  expect(existsSync(folder.output)).toBe(false);
});

test("a journal of a newer version, also for who begins anew", async () => {
  const folder = new JobFolder();
  folder.write(urls(3));
  await folder.run();
  const journal = new DatabaseSync(folder.journal);
  journal.exec("PRAGMA user_version = 99");
  journal.close();
  for (const options of [{}, { fresh: true }])
    await expect(folder.run(options)).rejects.toMatchObject({
      code: "JOURNAL_TOO_NEW",
      message: expect.stringMatching(/newer version of Skein \(format 99; .*\): update this one/),
    });
  expect(linesOf(folder.output)).toHaveLength(3);
});

test("outputs whose rejected lines would stand in one file: the second is refused", async () => {
  const folder = new JobFolder();
  folder.write([...urls(3), "a bad line"]);
  await folder.run();
  for (const [name, more] of [
    ["out-{shard}.jsonl", { shardSize: 1_000 }],
    ["out", { outputFormat: "jsonl" as const }],
  ] as const) {
    const output = join(folder.path, name);
    await expect(folder.run({ output, ...more })).rejects.toMatchObject({
      code: "FILE_NOT_OURS",
      path: folder.rejects,
      message: expect.stringContaining(`is where the job of ${folder.output} has its rejected lines`),
    });
  }
  expect(folder.rejectedLines()).toHaveLength(1);
  expect(await folder.run({ output: join(folder.path, "out.csv") })).toMatchObject({ rejected: 1 });
  expect(await folder.run({ fresh: true })).toMatchObject({ rejected: 1 });
});

test.each(["fetch", "retry"])("a file where the next of many outputs would go: %s", async command => {
  const folder = new JobFolder();
  folder.write([...urls(3), `${origin.url}/status/404`]);
  const options = { output: join(folder.path, "out-{shard}.jsonl"), shardSize: 1_000_000 };
  await folder.run(options);
  const next = join(folder.path, "out-00002.jsonl");
  writeFileSync(next, "mine\n");
  const go = () =>
    command === "fetch"
      ? folder.run({ ...options, retryFailed: true })
      : retryItems(options.output, ({ status }) => status === 404);
  await expect(go()).rejects.toMatchObject({
    code: "FILE_NOT_OURS",
    path: next,
    message: expect.stringContaining("stands where the output goes on, and no job wrote it"),
  });
  expect(readFileSync(next, "utf8")).toBe("mine\n");
  renameSync(next, `${next}.mine`);
  await go();
  expect(await verifyJob(options.output)).toMatchObject({ problems: [] });
});

test("a first one of many outputs without the ones before it is told as what it is", async () => {
  const folder = new JobFolder();
  folder.write(urls(3));
  writeFileSync(join(folder.path, "out-00002.jsonl"), "mine\n");
  const output = join(folder.path, "out-{shard}.jsonl");
  await expect(folder.run({ output, shardSize: 1_000 })).rejects.toMatchObject({
    code: "OUTPUT_NOT_OURS",
    message: expect.stringContaining("exists, and no journal says that a job wrote it"),
  });
});

test("a link to an output that is not yet there: one file, one journal", async () => {
  const folder = new JobFolder();
  for (const name of ["real", "link"]) mkdirSync(join(folder.path, name));
  const [real, link] = ["real", "link"].map(name => join(folder.path, name, "out.jsonl")) as [string, string];
  symlinkSync("../real/out.jsonl", link);
  folder.write(urls(40));
  const first = await folder.open({ output: link, rate: "20/s" });
  const running = first.run();
  await expect(folder.open({ output: real })).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
  await expect.poll(() => first.progress.done).toBeGreaterThan(2);
  first.abort();
  await running;
  await first.close();
  expect(await folder.run({ output: link })).toMatchObject({ ended: "complete", done: 40 });
  for (const output of [real, link])
    expect(await inspectJob(output)).toMatchObject({ complete: true, done: 40 });
  expect(readdirSync(join(folder.path, "link"))).toEqual(["out.jsonl"]);
});

test("links that lead in a circle", async () => {
  const folder = new JobFolder();
  folder.write(urls(1));
  symlinkSync("b.jsonl", join(folder.path, "a.jsonl"));
  symlinkSync("a.jsonl", join(folder.path, "b.jsonl"));
  await expect(folder.run({ output: join(folder.path, "a.jsonl") })).rejects.toMatchObject({
    code: "FILE_FAILED",
    message: expect.stringContaining("its links lead nowhere"),
  });
});
