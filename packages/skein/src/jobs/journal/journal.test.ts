import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@skein/testkit";
import { Journal } from "./journal.ts";
import { type CommitRequest, ItemState, LISTED_WIDTH } from "./journal-protocol.ts";

let directory: string;
let journal: Journal;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "skein-journal-"));
  journal = new Journal({
    journal: join(directory, "out.jsonl.job.db"),
    output: join(directory, "out.jsonl"),
    rejects: join(directory, "out.rejects.jsonl"),
  });
  await journal.call("open", { fresh: false });
  const record = { semantics: "{}", source: "list", fingerprint: null };
  await journal.call("begin", { record, fresh: false, retry: [] });
});

afterEach(async () => {
  await journal.close();
  rmSync(directory, { recursive: true });
});

function groupOf(line: number): CommitRequest {
  return {
    rows: Float64Array.of(line, line, ItemState.succeeded, 200, 0),
    errorCodes: [],
    errorSamples: [],
    output: `${line}\n`,
    rejects: "",
    files: [],
    released: [],
    position: { offset: line, line },
    complete: false,
  };
}

test("what is asked at once is done in its order, whatever is committed together", async () => {
  const commits = Array.from({ length: 100 }, (_, i) => journal.call("commit", groupOf(i + 1)));
  const listed = await journal.call("list", { fromLine: 1, limit: 1_000 });
  await Promise.all(commits);
  expect(listed.length / LISTED_WIDTH).toBe(100);
  const lines = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(readFileSync(join(directory, "out.jsonl"), "utf8")).toBe(lines.map(line => `${line}\n`).join(""));
});

test("after a failure nothing is recorded any more", async () => {
  await journal.call("commit", groupOf(1));
  const again = journal.call("commit", groupOf(1));
  const later = journal.call("commit", groupOf(2));
  await expect(again).rejects.toMatchObject({ name: "JobError", code: "JOURNAL_CORRUPT" });
  await expect(later).rejects.toMatchObject({ name: "JobError", code: "JOURNAL_CORRUPT" });
  await expect(journal.call("list", { fromLine: 1, limit: 10 })).rejects.toThrow(/has line 1 already/);
});

test("once it is closed, what is asked is refused", async () => {
  await journal.close();
  await expect(journal.call("commit", groupOf(1))).rejects.toMatchObject({
    code: "FILE_FAILED",
    message: "the journal is closed",
  });
});
