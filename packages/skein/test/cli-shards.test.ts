import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, originServer, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "./run-skein.ts";

test("-o out-{shard}.csv.gz --shard-size: the other commands know it by that name", async () => {
  await using origin = await originServer();
  const cwd = scratchDirectory();
  const list = (count: number) =>
    writeFileSync(
      join(cwd, "urls.txt"),
      Array.from({ length: count }, (_, n) => `${origin.url}/ok?${n}\n`).join(""),
    );
  const output = "out-{shard}.csv.gz";
  const skein = (...args: string[]) => runSkein(args, { cwd });
  for (const count of [5, 10]) {
    list(count);
    expect(await skein("fetch", "urls.txt", "-o", output, "--shard-size", "10")).toMatchObject({ code: 0 });
  }
  expect(readdirSync(cwd).toSorted()).toEqual([
    "out-00001.csv.gz",
    "out-00002.csv.gz",
    "out-{shard}.csv.gz.job.db",
    "urls.txt",
  ]);
  expect((await skein("status", output)).stdout).toMatch(/^Complete 10 done/);
  expect(await skein("verify", output)).toMatchObject({ code: 0 });
  const exported = await skein("export", output, "--format", "jsonl");
  expect(exported.stdout.trimEnd().split("\n")).toHaveLength(10);
});

test.each([
  [["-o", "out-{shard}.jsonl"], "-o out-{shard}.jsonl: --shard-size is needed, such as 100mb"],
  [["-o", "out.jsonl", "--shard-size", "1mb"], "--shard-size: the output has no {shard} in its name"],
  [
    ["-o", "{shard}/{shard}.jsonl", "--shard-size", "1mb"],
    "output: expected {shard} once, in the name of the file",
  ],
  [["-o", "out-{shard}.parquet", "--shard-size", "1mb"], '"parquet" can\'t be in many files'],
  [["-o", "out-{shard}.jsonl", "--shard-size", "much"], "--shard-size: "],
])("%j is a wrong use", async (flags, message) => {
  const cwd = scratchDirectory();
  const { code, stderr } = await runSkein(["fetch", "http://127.0.0.1:9/", ...flags], { cwd });
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  expect(readdirSync(cwd)).toEqual([]);
});
