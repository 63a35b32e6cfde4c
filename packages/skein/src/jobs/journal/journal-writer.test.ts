// The protocol, with a failure at each of its steps: whatever fails, and whenever, what is recorded in the end is every
// item once, in the journal as in the output.

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "@skein/testkit";
import { type Files, nodeFiles } from "./files.ts";
import {
  type CommitRequest,
  ItemState,
  type JobRecord,
  LISTED_WIDTH,
  ROW_WIDTH,
} from "./journal-protocol.ts";
import { JournalStore } from "./journal-store.ts";
import { JournalWriter, type WriterParts } from "./journal-writer.ts";

const RECORD: JobRecord = { semantics: "{}", source: "list.txt", fingerprint: "1" };
const BEGIN = { record: RECORD, fresh: false, retryFailed: false };
const LINES = 20;
const GROUP = 4;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-journal-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function pathsIn(folder: string) {
  return {
    journal: join(folder, "out.jsonl.job.db"),
    output: join(folder, "out.jsonl"),
    rejects: join(folder, "out.rejects.jsonl"),
  };
}

/** Fails at one step: `when` tells whether the step has had its effect by then, or (writing) half of it. */
interface Fault {
  readonly step: number;
  readonly when: "before" | "half" | "after";
}

/** Counts the steps that change something, and fails at one of them. */
class FaultyParts implements WriterParts {
  readonly files: Files;
  readonly #fault: Fault;
  readonly #open = new Map<number, string>();
  /** By path: how long a file is, and how much of it a sync has made sure of. Also of files that are closed. */
  readonly #written = new Map<string, { size: number; synced: number }>();
  #steps = 0;
  hasFailed = false;

  constructor(fault: Fault) {
    this.#fault = fault;
    this.files = this.#wrap();
  }

  openStore(path: string): JournalStore {
    const step = (act: () => void) => this.step(act);
    return new (class extends JournalStore {
      protected override commitTransaction(): void {
        step(() => super.commitTransaction());
      }
    })(path);
  }

  /** What a loss of power leaves: of what was written and not synced, nothing. */
  losePower(): void {
    for (const [path, { size, synced }] of this.#written) {
      if (synced < size && existsSync(path)) truncateSync(path, Math.min(synced, statSync(path).size));
    }
  }

  step<T>(act: () => T, half?: () => void): T {
    this.#steps++;
    if (this.#steps !== this.#fault.step) return act();
    this.hasFailed = true;
    if (this.#fault.when === "after") act();
    if (this.#fault.when === "half") half?.();
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  }

  #wrap(): Files {
    const open = this.#open;
    const written = this.#written;
    const stateOf = (file: number) => written.get(open.get(file)!)!;
    return {
      ...nodeFiles,
      open: path => {
        const file = this.step(() => nodeFiles.open(path));
        const { size } = statSync(path);
        open.set(file, path);
        if (!written.has(path)) written.set(path, { size, synced: size });
        return file;
      },
      write: (file, bytes, position) => {
        const write = (part: Uint8Array) => {
          nodeFiles.write(file, part, position);
          stateOf(file).size = Math.max(stateOf(file).size, position + part.length);
        };
        this.step(
          () => write(bytes),
          () => write(bytes.subarray(0, bytes.length / 2)),
        );
      },
      sync: file =>
        this.step(() => {
          nodeFiles.sync(file);
          stateOf(file).synced = stateOf(file).size;
        }),
      truncate: (file, length) =>
        this.step(() => {
          nodeFiles.truncate(file, length);
          const synced = Math.min(length, stateOf(file).synced);
          written.set(open.get(file)!, { size: length, synced });
        }),
      rename: (from, to) =>
        this.step(() => {
          nodeFiles.rename(from, to);
          written.set(to, written.get(from)!);
          written.delete(from);
        }),
      remove: path => this.step(() => nodeFiles.remove(path)),
      makeDirectory: path => this.step(() => nodeFiles.makeDirectory(path)),
      syncDirectory: path => this.step(() => nodeFiles.syncDirectory(path)),
    };
  }
}

const isReject = (line: number) => line % 7 === 0;
const hasFile = (line: number) => line % 5 === 0;
const body = (line: number) => Buffer.from(`the body of ${line}`);

interface RunOptions {
  readonly parts?: FaultyParts;
  readonly retryFailed?: boolean;
  /** Which lines fail. */
  failing?(line: number): boolean;
}

/** Opens the journal as a job does, and records every line that has no row. Throws where a step fails. */
function run(folder: string, { parts, retryFailed = false, failing = () => false }: RunOptions = {}): void {
  const writer = new JournalWriter(pathsIn(folder), parts);
  try {
    writer.open({ fresh: false });
    const { position } = writer.begin({ ...BEGIN, retryFailed });
    const listed = writer.list({ fromLine: position.line + 1, limit: 1_000 });
    const known = new Set<number>();
    for (let i = 0; i < listed.length; i += LISTED_WIDTH) known.add(listed[i]!);
    const lines = Array.from({ length: LINES }, (_, i) => i + 1);
    const pending = lines.filter(line => line > position.line && !known.has(line));
    for (let at = 0; at < pending.length; at += GROUP) {
      writer.commit(
        groupOf(folder, { lines: pending.slice(at, at + GROUP), next: pending[at + GROUP], failing }),
      );
    }
  } finally {
    // What a killed process has open is closed for it.
    parts?.losePower();
    writer.close();
  }
}

interface Group {
  readonly lines: readonly number[];
  readonly next: number | undefined;
  failing(line: number): boolean;
}

function groupOf(folder: string, { lines, next, failing }: Group): CommitRequest {
  const rows = new Float64Array(lines.length * ROW_WIDTH);
  const group = { output: "", rejects: "", files: [] as { path: string; bytes: Uint8Array }[] };
  lines.forEach((line, index) => {
    const state = isReject(line) ? "rejected" : failing(line) ? "failed" : "succeeded";
    rows.set([line, line * 1_000, ItemState[state], 200, state === "failed" ? 1 : 0], index * ROW_WIDTH);
    if (isReject(line)) group.rejects += `${JSON.stringify({ line })}\n`;
    else group.output += `${JSON.stringify({ id: line, state })}\n`;
    if (hasFile(line))
      group.files.push({ path: join(folder, "bodies", "ab", String(line)), bytes: body(line) });
  });
  const position = { offset: 0, line: (next ?? LINES + 1) - 1 };
  return {
    rows,
    errorCodes: ["E"],
    errorSamples: [],
    ...group,
    released: [],
    position,
    complete: next === undefined,
  };
}

/** What a run that nothing stopped must have left. */
function expectWhole(folder: string, failing: (line: number) => boolean = () => false): void {
  const lines = Array.from({ length: LINES }, (_, i) => i + 1);
  const { output, rejects, journal } = pathsIn(folder);
  const rows = readFileSync(output, "utf8")
    .trimEnd()
    .split("\n")
    .map(line => JSON.parse(line));
  const items = lines.filter(line => !isReject(line));
  expect(rows.toSorted((a, b) => a.id - b.id)).toEqual(
    items.map(id => ({ id, state: failing(id) ? "failed" : "succeeded" })),
  );
  const bad = readFileSync(rejects, "utf8")
    .trimEnd()
    .split("\n")
    .map(line => JSON.parse(line).line);
  expect(bad).toEqual(lines.filter(isReject));
  for (const line of lines.filter(hasFile)) {
    expect(readFileSync(join(folder, "bodies", "ab", String(line)))).toEqual(body(line));
  }
  const database = new DatabaseSync(journal);
  const recorded = database
    .prepare("SELECT line FROM items ORDER BY line")
    .all()
    .map(row => row.line);
  expect(database.prepare("SELECT complete, output_bytes AS size FROM job").get()).toMatchObject({
    complete: 1,
    size: statSync(output).size,
  });
  database.close();
  expect(recorded).toEqual(lines);
  expect(readdirSync(folder).toSorted()).toEqual([
    "bodies",
    "out.jsonl",
    "out.jsonl.job.db",
    "out.rejects.jsonl",
  ]);
}

/** Lets every step fail once, each in a folder of its own, until a run has fewer steps than that. */
function withEachFault(when: Fault["when"], attempt: (folder: string, parts: FaultyParts) => void): number {
  for (let step = 1; ; step++) {
    const folder = mkdtempSync(join(directory, `${step}-`));
    const parts = new FaultyParts({ step, when });
    attempt(folder, parts);
    if (!parts.hasFailed) return step - 1;
  }
}

function expectFailure(act: () => void, parts: FaultyParts): void {
  try {
    act();
    expect(parts.hasFailed).toBe(false);
  } catch (error) {
    expect(parts.hasFailed).toBe(true);
    expect(error).toMatchObject({ name: "JobError", code: "DISK_FULL", resumable: true });
  }
}

describe.each(["before", "half", "after"] as const)("a failure at each step, %s its effect", when => {
  test("loses nothing and doubles nothing", () => {
    const steps = withEachFault(when, (folder, parts) => {
      expectFailure(() => run(folder, { parts }), parts);
      run(folder);
      expectWhole(folder);
    });
    expect(steps).toBeGreaterThan(40);
  });

  test("and another in the run that resumes", () => {
    withEachFault(when, (folder, parts) => {
      const first = new FaultyParts({ step: 25, when });
      expect(() => run(folder, { parts: first })).toThrow("disk is full");
      expectFailure(() => run(folder, { parts }), parts);
      run(folder);
      expectWhole(folder);
    });
  });

  test("while failed items are taken out of the output, to be run again", () => {
    const failing = (line: number) => line % 3 === 0;
    const steps = withEachFault(when, (folder, parts) => {
      run(folder, { failing });
      expectWhole(folder, line => failing(line) && !isReject(line));
      expectFailure(() => run(folder, { parts, retryFailed: true }), parts);
      // The next run need not ask for it again, but may: what was begun goes on, what was not is as before.
      run(folder, { retryFailed: true });
      expectWhole(folder);
    });
    expect(steps).toBeGreaterThan(15);
  });
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
      "PRAGMA user_version = 2; CREATE TABLE t (a)",
      /newer version of Skein \(format 2; this one/,
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
    expect([...writer.list({ fromLine: 0, limit: 10 })]).toEqual([1, 5, ItemState.succeeded]);
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
    expect(again.open({ fresh: false })).toEqual({
      job: RECORD,
      complete: true,
      position: { offset: 20, line: 2 },
      lastLine: 2,
      counts: [
        { state: ItemState.succeeded, status: 200, error: null, count: 1 },
        { state: ItemState.failed, status: null, error: "TIMEOUT", count: 1 },
      ],
      errorSamples: [["TIMEOUT", "it took too long"]],
    });
    again.close();
    expect(readFileSync(pathsIn(directory).output, "utf8")).toBe("a\nb\n");
  });

  test("rows are listed by page", () => {
    const writer = begun();
    writer.commit(group(Array.from({ length: 10 }, (_, i) => [i + 1, i, ItemState.succeeded, 0, 0]).flat()));
    expect([...writer.list({ fromLine: 4, limit: 2 })]).toEqual([4, 3, 1, 5, 4, 1]);
    expect(writer.list({ fromLine: 11, limit: 2 })).toHaveLength(0);
    writer.close();
  });
});
