// Twenty lines, some of them bad ones, some with a file: recorded by a journal writer, as a job would have it done.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "@skein/testkit";
import { outputParts } from "../../src/jobs/inspect/output-parts.ts";
import { jobPaths } from "../../src/jobs/job-paths.ts";
import { DetailPacker } from "../../src/jobs/journal/item-details.ts";
import {
  ALL_FAILED,
  type CommitRequest,
  type ItemEnding,
  ItemState,
  type JobRecord,
  LISTED_WIDTH,
  ROW_WIDTH,
} from "../../src/jobs/journal/journal-protocol.ts";
import { JournalWriter } from "../../src/jobs/journal/journal-writer.ts";
import { outputCodec } from "../../src/jobs/sink/output-codec.ts";
import { kindText, outputKind } from "../../src/jobs/sink/output-kind.ts";
import { isSharded } from "../../src/jobs/sink/shards.ts";
import type { FaultyParts } from "./faulty-parts.ts";

export const RECORD: JobRecord = { semantics: "{}", source: "list.txt", fingerprint: "1" };
export const BEGIN = { record: RECORD, fresh: false, retry: [] };
const LINES = 20;
const GROUP = 4;
/** Less than two groups. */
const SHARD_BYTES = 200;

export function pathsIn(folder: string, name = "out.jsonl") {
  const { journal, rows, rejects } = jobPaths(join(folder, name), "none");
  return { journal, output: rows, rejects };
}

export const isReject = (line: number) => line % 7 === 0;
export const hasChanged = (line: number) => line % 2 === 1;
const hasFile = (line: number) => line % 5 === 0;
const body = (line: number) => Buffer.from(`the body of ${line}`);

export interface RunOptions {
  readonly parts?: FaultyParts;
  /** Of the output, which says what it is. */
  readonly name?: string;
  readonly retryFailed?: boolean;
  readonly fresh?: boolean;
  /** Asks for all lines again: the odd ones have changed. */
  readonly refresh?: boolean;
  /** Which lines fail. */
  failing?(line: number): boolean;
}

/** Opens the journal as a job does, and records every line that has no row. Throws where a step fails. */
export function run(
  folder: string,
  {
    parts,
    name,
    retryFailed = false,
    fresh = false,
    refresh = false,
    failing = () => false,
  }: RunOptions = {},
): void {
  const writer = new JournalWriter(pathsIn(folder, name), parts);
  try {
    writer.open({ fresh });
    const { position, refreshing } = writer.begin({
      record: name === undefined ? RECORD : recordOf(name),
      retry: retryFailed ? ALL_FAILED : [],
      fresh,
      refresh,
    });
    const listed = writer.list({ fromLine: position.line + 1, limit: 1_000 });
    const known = new Set<number>();
    for (let i = 0; i < listed.length; i += LISTED_WIDTH)
      if (listed[i + LISTED_WIDTH - 1] === 0) known.add(listed[i]!);
    const lines = Array.from({ length: LINES }, (_, i) => i + 1);
    const pending = lines.filter(line => line > position.line && !known.has(line));
    // A job ends with a group that says that it is complete, also where nothing was left to do.
    for (let at = 0; at < pending.length || (at === 0 && refreshing); at += GROUP) {
      writer.commit(
        groupOf(folder, {
          lines: pending.slice(at, at + GROUP),
          next: pending[at + GROUP],
          failing,
          refreshing,
        }),
      );
    }
  } finally {
    // What a killed process has open is closed for it.
    parts?.losePower();
    writer.close();
  }
}

function recordOf(name: string): JobRecord {
  const semantics = JSON.stringify({ output: kindText(outputKind(name)) });
  return { ...RECORD, semantics, shardBytes: isSharded(name) ? SHARD_BYTES : null };
}

/** The rows of an output of any kind, by their number. */
export function rowsIn(folder: string, name: string): { readonly id: number; readonly state: string }[] {
  const { output } = pathsIn(folder, name);
  const lines = outputParts(output, Number.POSITIVE_INFINITY).flatMap(({ path }) => linesIn(path, name));
  return lines
    .map(line => JSON.parse(line) as { id: number | string; state: string })
    .map(({ id, state }) => ({ id: Number(id), state }))
    .toSorted((a, b) => a.id - b.id);
}

function linesIn(path: string, name: string): string[] {
  const reader = outputCodec(outputKind(name))?.reader(path, false);
  const bytes = readFileSync(path);
  return reader === undefined
    ? bytes.toString().split("\n").slice(0, -1)
    : [...reader.push(bytes), ...reader.end()];
}

interface Group {
  readonly lines: readonly number[];
  readonly next: number | undefined;
  readonly refreshing: boolean;
  failing(line: number): boolean;
}

function groupOf(folder: string, { lines, next, failing, refreshing }: Group): CommitRequest {
  const rows = new Float64Array(lines.length * ROW_WIDTH);
  const details = new DetailPacker(lines.length);
  const group = { output: "", rejects: "", files: [] as { path: string; bytes: Uint8Array }[] };
  lines.forEach((line, index) => {
    const ended = failing(line) ? "failed" : "succeeded";
    const state = isReject(line) ? "rejected" : refreshing && !hasChanged(line) ? "unchanged" : ended;
    details.add(index, { url: `http://x/${line}`, endedAt: line, message: undefined });
    rows.set([line, line * 1_000, ItemState[state], 200, state === "failed" ? 1 : 0], index * ROW_WIDTH);
    if (isReject(line)) group.rejects += `${JSON.stringify({ v: 1, line })}\n`;
    else if (state !== "unchanged") group.output += `${JSON.stringify(rowOf(line, ended, refreshing))}\n`;
    if (hasFile(line))
      group.files.push({ path: join(folder, "bodies", "ab", String(line)), bytes: body(line) });
  });
  const position = { offset: 0, line: (next ?? LINES + 1) - 1 };
  return {
    rows,
    errorCodes: ["E"],
    errorSamples: [],
    ...group,
    details: details.take(),
    released: [],
    position,
    complete: next === undefined,
  };
}

function rowOf(id: number, state: "failed" | "succeeded", isNew = false) {
  const row = { id, state, status: 200, ...(isNew ? { isNew } : undefined) };
  return state === "failed" ? { ...row, error: { code: "E" } } : row;
}

/** Makes items pending again without a run, as `skein retry` does, and answers how many. */
export function retry(folder: string, endings: readonly ItemEnding[], parts?: FaultyParts): number {
  const writer = new JournalWriter(pathsIn(folder), parts);
  try {
    writer.open({ fresh: false });
    return writer.retry({ endings });
  } finally {
    parts?.losePower();
    writer.close();
  }
}

/** What a run that nothing stopped must have left. */
export function expectWhole(
  folder: string,
  failing: (line: number) => boolean = () => false,
  isNew: (line: number) => boolean = () => false,
): void {
  const lines = Array.from({ length: LINES }, (_, i) => i + 1);
  const { output, rejects, journal } = pathsIn(folder);
  const rows = readFileSync(output, "utf8")
    .trimEnd()
    .split("\n")
    .map(line => JSON.parse(line));
  const items = lines.filter(line => !isReject(line));
  expect(rows.toSorted((a, b) => a.id - b.id)).toEqual(
    items.map(id => rowOf(id, failing(id) ? "failed" : "succeeded", isNew(id))),
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
