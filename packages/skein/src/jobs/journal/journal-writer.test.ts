import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "@skein/testkit";
import { BEGIN, expectWhole, pathsIn, RECORD, run } from "../../../test/jobs/scripted-journal.ts";
import { type CommitRequest, ItemState } from "./journal-protocol.ts";
import { JournalWriter } from "./journal-writer.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-journal-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("opening", () => {
  const foreign = [
    ["an output", "out.jsonl"],
    ["a file of rejects", "out.rejects.jsonl"],
  ] as const;

  test.each(foreign)("%s without a journal is left alone", (_, name) => {
    writeFileSync(join(directory, name), "mine\n");
    expect(() => run(directory)).toThrow(/exists, and no journal says that a job wrote it/);
    expect(() => run(directory)).toThrow(expect.objectContaining({ code: "OUTPUT_NOT_OURS" }));
    expect(readFileSync(join(directory, name), "utf8")).toBe("mine\n");
    expect(readdirSync(directory)).toEqual([name]);
  });

  test("an empty output is nobody's", () => {
    writeFileSync(join(directory, "out.jsonl"), "");
    run(directory);
    expectWhole(directory);
  });

  test("fresh: what was there is gone, also where no journal knew it", () => {
    writeFileSync(join(directory, "out.jsonl"), "mine\n");
    const writer = new JournalWriter(pathsIn(directory));
    writer.open({ fresh: true });
    expect(writer.begin({ ...BEGIN, fresh: true })).toMatchObject({
      lastLine: 0,
      complete: false,
      counts: [],
    });
    writer.close();
    run(directory);
    expectWhole(directory);
  });

  test("fresh: a damaged journal is begun anew, which else is an error", () => {
    run(directory);
    writeFileSync(
      pathsIn(directory).journal,
      "this is no database, and long enough to be read as one ".repeat(50),
    );
    expect(() => run(directory)).toThrow(expect.objectContaining({ code: "JOURNAL_CORRUPT" }));
    const writer = new JournalWriter(pathsIn(directory));
    writer.open({ fresh: true });
    writer.begin({ ...BEGIN, fresh: true });
    writer.close();
    run(directory);
    expectWhole(directory);
  });

  test.each([
    ["of something else", "PRAGMA user_version = 1; CREATE TABLE t (a)", /database of something else/],
    [
      "of a newer version",
      "PRAGMA user_version = 4; PRAGMA application_id = 0x536b656a; CREATE TABLE t (a)",
      /newer version of Skein \(format 4; this one/,
    ],
  ])("a database %s is no journal", (_, sql, message) => {
    const database = new DatabaseSync(pathsIn(directory).journal);
    database.exec(sql);
    database.close();
    expect(() => run(directory)).toThrow(message);
  });

  test.each([
    ["gone", (path: string) => rmSync(path), /is gone/],
    ["shorter", (path: string) => truncateSync(path, 10), /is shorter than it was/],
    ["another", (path: string) => writeFileSync(path, "x".repeat(100_000)), /is not what it was/],
  ])("an output that is %s is not written to", (_, change, message) => {
    run(directory);
    change(pathsIn(directory).output);
    expect(() => run(directory)).toThrow(message);
    expect(() => run(directory)).toThrow(
      expect.objectContaining({ code: "OUTPUT_CHANGED", resumable: false }),
    );
  });

  test("what the journal does not know is cut off", () => {
    run(directory);
    const before = readFileSync(pathsIn(directory).output);
    writeFileSync(pathsIn(directory).output, Buffer.concat([before, Buffer.from('{"id":99,"sta')]));
    run(directory);
    expect(readFileSync(pathsIn(directory).output)).toEqual(before);
  });
});

describe("recording", () => {
  function begun(): JournalWriter {
    const writer = new JournalWriter(pathsIn(directory));
    writer.open({ fresh: false });
    writer.begin(BEGIN);
    return writer;
  }

  function group(rows: number[], more: Partial<CommitRequest> = {}): CommitRequest {
    const empty = { errorCodes: [], errorSamples: [], output: "", rejects: "", files: [], released: [] };
    return {
      ...empty,
      rows: Float64Array.from(rows),
      position: { offset: 0, line: 0 },
      complete: false,
      ...more,
    };
  }

  test("an item ends once: a second time is refused, and nothing is recorded after that", () => {
    const writer = begun();
    writer.commit(group([1, 5, ItemState.succeeded, 200, 0]));
    expect(() => writer.commit(group([1, 5, ItemState.failed, 500, 0]))).toThrow(/has line 1 already/);
    expect(() => writer.commit(group([2, 5, ItemState.succeeded, 200, 0]))).toThrow(/has line 1 already/);
    writer.close();
  });

  test("an item that was about to be sent may end, or be taken back", () => {
    const writer = begun();
    writer.commit(group([1, 5, ItemState.sent, 0, 0, 2, 6, ItemState.sent, 0, 0]));
    writer.commit(group([1, 5, ItemState.succeeded, 201, 0], { released: [1, 2] }));
    expect([...writer.list({ fromLine: 0, limit: 10 })]).toEqual([1, 5, ItemState.succeeded, 201, 0]);
    writer.close();
  });

  test("several groups are one commit, and the last one's position counts", () => {
    const writer = begun();
    writer.commitAll([
      group([1, 5, ItemState.succeeded, 200, 0], { output: "a\n", position: { offset: 10, line: 1 } }),
      group([2, 5, ItemState.failed, 0, 1], {
        output: "b\n",
        errorCodes: ["TIMEOUT"],
        errorSamples: [["TIMEOUT", "it took too long"]],
        position: { offset: 20, line: 2 },
        complete: true,
      }),
    ]);
    writer.close();
    const again = new JournalWriter(pathsIn(directory));
    const counts = [
      { state: ItemState.succeeded, status: 200, error: null, count: 1 },
      { state: ItemState.failed, status: null, error: "TIMEOUT", count: 1 },
    ];
    expect(again.open({ fresh: false })).toEqual({
      job: RECORD,
      complete: true,
      sizes: { output: 4, rejects: 0 },
      position: { offset: 20, line: 2 },
      lastLine: 2,
      counts,
      rowCounts: counts,
      refreshing: false,
      added: { count: 0, isPending: false },
      isRewriting: false,
      errorSamples: [["TIMEOUT", "it took too long"]],
    });
    again.close();
    expect(readFileSync(pathsIn(directory).output, "utf8")).toBe("a\nb\n");
  });

  test("rows are listed by page", () => {
    const writer = begun();
    writer.commit(group(Array.from({ length: 10 }, (_, i) => [i + 1, i, ItemState.succeeded, 0, 0]).flat()));
    expect([...writer.list({ fromLine: 4, limit: 2 })]).toEqual([4, 3, 1, 0, 0, 5, 4, 1, 0, 0]);
    expect(writer.list({ fromLine: 11, limit: 2 })).toHaveLength(0);
    writer.close();
  });
});
