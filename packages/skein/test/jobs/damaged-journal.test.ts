// A byte of a journal that is not what was written is told, or does no harm: no item is lost or doubled, no row another one.
// Here of some bytes; of all of them: test/campaigns/flip-bytes.ts.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, originServer, test } from "@skein/testkit";
import { inspectJob, verifyJob } from "../../src/entry/jobs.ts";
import { runSkein, scratchDirectory } from "../run-skein.ts";
import { type Flip, flipsOf, imageOf, resumeFlipped } from "./flipping.ts";
import { JobFolder } from "./job-folder.ts";

const FLIPS = 300;

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "skein-flips-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe.each(["closed", "killed"] as const)("a flipped byte of a journal that was %s", how => {
  test("is told, or does no harm", { timeout: 60_000 }, async () => {
    const folder = scratch();
    const image = await imageOf(folder, how);
    const work = join(folder, "work");
    expect(await resumeFlipped(image, work, undefined)).toBe("harmless");
    const seed = Date.now() % 100_000;
    const outcomes = new Set<string>();
    for (const flip of flipsOf(image, { most: FLIPS, seed }))
      outcomes.add(await resumeFlipped(image, work, flip).catch(error => bad(error, flip, seed)));
    expect([...outcomes].filter(outcome => outcome.startsWith("BAD"))).toEqual([]);
    expect(outcomes).toContain("harmless");
    expect(outcomes.size).toBeGreaterThan(1);
  });
});

function bad(error: Error, flip: Flip, seed: number): string {
  return `BAD ${error.message}, seed ${seed}, ${JSON.stringify(flip)}`;
}

/** What each column of `job` would say after a bit of it was flipped; the tables are as sound as ever. */
const CHANGES = [
  "source_offset = source_offset + 64",
  "source_line = source_line + 1",
  "output_bytes = output_bytes - 1",
  "rejects_bytes = rejects_bytes + 1",
  "complete = 1 - complete",
  "semantics = replace(semantics, 'GET', 'GEU')",
  "source = source || '.'",
  "rewrite_bytes = 1",
] as const;

test.each(CHANGES)("what the journal says of the job is sealed: %s", async change => {
  await using origin = await originServer();
  const folder = new JobFolder();
  folder.write([`${origin.url}/bytes/1`, `${origin.url}/bytes/2`, "http://[bad"]);
  await folder.run();
  const database = new DatabaseSync(folder.journal);
  database.exec(`UPDATE job SET ${change}`);
  database.close();
  const before = readFileSync(folder.output);
  const corrupt = { code: "JOURNAL_CORRUPT" };
  await expect(folder.open()).rejects.toMatchObject(corrupt);
  await expect(inspectJob(folder.output)).rejects.toMatchObject(corrupt);
  await expect(verifyJob(folder.output)).rejects.toMatchObject(corrupt);
  expect(readFileSync(folder.output)).toEqual(before);
  expect(await folder.run({ fresh: true })).toMatchObject({ ended: "complete", done: 2 });
});

test("an item that has ended and is said to be about to be sent would end again: that is told", async () => {
  await using origin = await originServer();
  const folder = new JobFolder();
  folder.write([`${origin.url}/bytes/1`, `${origin.url}/bytes/2`]);
  await folder.run();
  const database = new DatabaseSync(folder.journal);
  database.exec("UPDATE items SET state = 0 WHERE line = 2");
  database.close();
  await expect(folder.open()).rejects.toMatchObject({
    code: "JOURNAL_CORRUPT",
    message: expect.stringContaining("line 2 has ended"),
  });
});

test("every command says so, and ends with 3", { timeout: 60_000 }, async () => {
  await using origin = await originServer();
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), `${origin.url}/bytes/1\n`);
  await runSkein(["fetch", "urls.txt", "-o", "out.jsonl", "-q"], { cwd });
  const database = new DatabaseSync(join(cwd, "out.jsonl.job.db"));
  database.exec("UPDATE job SET source_offset = 7");
  database.close();
  for (const command of ["status", "verify", "report", "ui", "export", "retry", "fetch"]) {
    const { code, stderr } = await runSkein(argumentsOf(command), { cwd });
    expect([command, code]).toEqual([command, 3]);
    expect(stderr).toContain("out.jsonl.job.db is damaged");
  }
  expect(origin.requestCount).toBe(1);
});

function argumentsOf(command: string): string[] {
  switch (command) {
    case "export":
      return ["export", "out.jsonl", "-o", "out.csv"];
    case "retry":
      return ["retry", "out.jsonl", "--where", "status=404"];
    case "fetch":
      return ["fetch", "urls.txt", "-o", "out.jsonl", "-q"];
    default:
      return [command, "out.jsonl"];
  }
}
