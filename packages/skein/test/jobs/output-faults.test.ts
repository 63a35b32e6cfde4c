// As journal-faults.test.ts, of every kind of output: whichever write, sync, rename or commit fails, and whether nothing, half or all
// of it has been done by then, each item has one row in the end.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "@skein/testkit";
import { type Fault, FaultyParts } from "./faulty-parts.ts";
import { isReject, type RunOptions, rowsIn, run } from "./scripted-journal.ts";

const KINDS = [
  "out.jsonl",
  "out.csv",
  "out.tsv.gz",
  "out.jsonl.gz",
  "out.jsonl.zst",
  "out.warc",
  "out.warc.gz",
  "out.parquet",
  "out-{shard}.jsonl",
  "out-{shard}.csv.gz",
];
const ITEMS = Array.from({ length: 20 }, (_, i) => i + 1).filter(line => !isReject(line));
const CODES = { ENOSPC: "DISK_FULL", EIO: "FILE_FAILED" } as const;

/** Lets each step of a run fail, in a folder of its own, until one has fewer steps than that; then a run that nothing stops. */
function withEachFault(fault: Omit<Fault, "step">, attempt: (folder: string) => RunOptions): number {
  const directory = mkdtempSync(join(tmpdir(), "skein-faults-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (let step = 1; ; step++) {
    const folder = mkdtempSync(join(directory, `${step}-`));
    const parts = new FaultyParts({ ...fault, step });
    const options = attempt(folder);
    expect(failureOf(() => run(folder, { ...options, parts }))).toBe(
      parts.hasFailed ? CODES[fault.code ?? "ENOSPC"] : undefined,
    );
    run(folder, options);
    const rows = ITEMS.map(id => ({ id, state: "succeeded" }));
    expect(rowsIn(folder, options.name!)).toEqual(rows);
    if (!parts.hasFailed) return step - 1;
  }
}

function failureOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: "JobError", resumable: true });
    return (error as { code: string }).code;
  }
}

/** Beside half a write, one or the other of a kind. */
const FURTHER = [{ when: "after" }, { when: "before", code: "EIO" }] as const;
const CASES = KINDS.map((name, index) => [name, FURTHER[index % 2]!] as const);

describe.each(CASES)("%s", { timeout: 60_000 }, (name, further) => {
  test("a full disk at each step, half its effect", () => {
    expect(withEachFault({ when: "half" }, () => ({ name }))).toBeGreaterThan(40);
  });

  test(`${further.when === "after" ? "a full disk at each step, after" : "a disk that fails, before"} its effect`, () => {
    expect(withEachFault(further, () => ({ name }))).toBeGreaterThan(40);
  });

  test("while failed items are taken out, to be run again", () => {
    const steps = withEachFault({ when: "half" }, folder => {
      run(folder, { name, failing: line => line % 3 === 0 });
      return { name, retryFailed: true };
    });
    expect(steps).toBeGreaterThan(15);
  });
});
