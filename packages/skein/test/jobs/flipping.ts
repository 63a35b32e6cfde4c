// A journal with one byte that is not what was written: what the next run, and whoever looks at the job, make of it.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type OriginServer, originServer } from "@skein/testkit/servers";
import { Job, linesSource } from "../../src/entry/jobs.ts";
import { Client } from "../../src/entry/node.ts";
import type { Journal } from "../../src/jobs/journal/journal.ts";
import { type CommitRequest, ItemState, ROW_WIDTH } from "../../src/jobs/journal/journal-protocol.ts";
import { JournalReader } from "../../src/jobs/journal/journal-reader.ts";
import { JournalWriter } from "../../src/jobs/journal/journal-writer.ts";
import { RecordedRows } from "../../src/jobs/journal/recorded-rows.ts";
import { requireSame, type Semantics, semanticsOf } from "../../src/jobs/semantics.ts";
import { checkList, KnownLines } from "../../src/jobs/source/known-list.ts";
import type { SourceLine } from "../../src/jobs/source/source.ts";
import { randomFrom } from "../random.ts";

const LINES = 24;
const DONE = 10;
const BAD_LINE = 3;
const OUTPUT = "out.jsonl";
const JOURNAL = `${OUTPUT}.job.db`;
const LOG = `${JOURNAL}-wal`;

/** What a job leaves that was stopped half way: closed in order, or killed with a log that had not been taken over. */
export interface Image {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly list: string;
}

/** Runs half of a job, and keeps what stands there. */
export async function imageOf(folder: string, how: "closed" | "killed"): Promise<Image> {
  const list = join(folder, "urls.txt");
  await using origin = await slowOrigin();
  const urls = Array.from({ length: LINES }, (_, i) =>
    i + 1 === BAD_LINE ? "http://[bad" : `${origin.url}/${i % 4 === 1 ? "status/404" : "item"}?${i + 1}`,
  );
  writeFileSync(list, urls.map(line => `${line}\n`).join(""));
  const client = new Client();
  const job = await Job.open({
    ...{ source: linesSource(list), output: join(folder, OUTPUT), client, concurrency: 2 },
  });
  const running = job.run();
  while (job.progress.done < DONE) await delay(2);
  job.pause();
  while (job.progress.running > 0) await delay(2);
  // So that the journal has it all.
  await delay(100);
  if (how === "killed") keep(folder, `${folder}.killed`);
  await job.close();
  await running;
  await client.close();
  const from = how === "killed" ? `${folder}.killed` : folder;
  const names = [OUTPUT, JOURNAL, "out.rejects.jsonl", ...(how === "killed" ? [LOG] : [])];
  return { list, files: new Map(names.map(name => [name, readFileSync(join(from, name))])) };
}

function slowOrigin(): Promise<OriginServer> {
  return originServer({
    routes: { item: ({ response }) => void setTimeout(() => response.end("an answer"), 5) },
  });
}

function keep(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}

/** "harmless", or the code with which it was refused. Throws where an item is lost, doubled, or has another row. */
export async function resumeFlipped(image: Image, folder: string, flip: Flip | undefined): Promise<string> {
  restore(image, folder, flip);
  const looked = look(folder);
  try {
    await resume(image.list, folder);
  } catch (error) {
    if ((error as Error).name !== "JobError") throw error;
    return (error as { code: string }).code;
  }
  requireWhole(image, folder);
  return looked;
}

export interface Flip {
  readonly file: string;
  readonly at: number;
  /** Which bits. */
  readonly mask: number;
}

/**
 * A bit of every byte, or, where that would be too many, of some: of those that hold something nine in ten.
 *
 * @param seed which bit, and which bytes
 */
export function* flipsOf(image: Image, { most, seed }: { most: number; seed: number }): Generator<Flip> {
  const random = randomFrom(seed);
  const files = [...image.files].filter(([name]) => name.startsWith(JOURNAL));
  const bytes = files.reduce((sum, [, content]) => sum + content.length, 0);
  const used = files.reduce((sum, [, content]) => sum + content.filter(byte => byte !== 0).length, 0);
  for (const [file, content] of files) {
    for (const [at, byte] of content.entries()) {
      const share = byte === 0 ? (0.1 * most) / (bytes - used) : (0.9 * most) / used;
      if (most === Number.POSITIVE_INFINITY || random() < share)
        yield { file, at, mask: 1 << Math.floor(random() * 8) };
    }
  }
}

function restore(image: Image, folder: string, flip: Flip | undefined): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, bytes] of image.files) {
    const content = Buffer.from(bytes);
    if (name === flip?.file) content[flip.at]! ^= flip.mask;
    writeFileSync(join(folder, name), content);
  }
}

/** As `skein status` and `skein ui` do. */
function look(folder: string): string {
  const reader = new JournalReader({ journal: join(folder, JOURNAL) });
  try {
    reader.open();
    reader.figures({ origins: [] });
    reader.series({ from: undefined, to: undefined, points: 10, origin: undefined });
    return "harmless";
  } catch (error) {
    if ((error as Error).name !== "JobError") throw error;
    return `harmless, looking: ${(error as { code: string }).code}`;
  } finally {
    reader.close();
  }
}

/** As open-job.ts and feed.ts, without a thread and a network: what is pending is answered at once. */
async function resume(list: string, folder: string): Promise<void> {
  const output = join(folder, OUTPUT);
  const source = linesSource(list);
  const options = { source, output, client: undefined as never };
  const writer = new JournalWriter({
    ...{ journal: join(folder, JOURNAL), output, rejects: join(folder, "out.rejects.jsonl") },
  });
  const journal = {
    call: async (_: "list", request: { fromLine: number; limit: number }) => writer.list(request),
  } as unknown as Journal;
  try {
    const semantics = semanticsOf(options);
    const found = writer.open({ fresh: false });
    const isKnown = found.job !== undefined;
    if (isKnown) requireSame(JSON.parse(found.job.semantics) as Semantics, semantics, output);
    const fingerprint = (await source.fingerprint()) ?? null;
    const isSame = found.job?.source === source.name && found.job.fingerprint === fingerprint;
    const checked =
      isKnown && !isSame ? await checkList(source, new RecordedRows(journal, 1, found.lastLine)) : undefined;
    const record = { semantics: JSON.stringify(semantics), source: source.name, fingerprint };
    const known = writer.begin({ record, fresh: false, retry: [] });
    const from = checked?.position ?? known.position;
    if (checked === undefined ? known.complete : !checked.isPending) return;
    const lines = new KnownLines(new RecordedRows(journal, from.line + 1, known.lastLine), source.name);
    for await (const block of source.blocks(from)) {
      for (const line of block) if ((await lines.stateOf(line)) === undefined) writer.commit(groupOf(line));
    }
    await lines.end();
  } finally {
    writer.close();
  }
}

function groupOf(line: SourceLine): CommitRequest {
  const isItem = line.kind === "item";
  const state = isItem ? ItemState.succeeded : ItemState.rejected;
  const rows = new Float64Array(ROW_WIDTH);
  rows.set([line.line, line.key, state, isItem ? 200 : 0, 0]);
  const text = `${JSON.stringify(isItem ? { id: line.line } : { line: line.line })}\n`;
  return {
    ...{ rows, errorCodes: [], errorSamples: [], files: [], released: [] },
    ...{ output: isItem ? text : "", rejects: isItem ? "" : text },
    ...{ position: { offset: line.nextOffset, line: line.line }, complete: false },
  };
}

function requireWhole(image: Image, folder: string): void {
  const text = readFileSync(join(folder, OUTPUT), "utf8");
  const before = image.files.get(OUTPUT)!.toString();
  // A log that is damaged ends before the damage, as one that was torn: then the rows of that commit are cut off, and come again.
  if (!image.files.has(LOG) && !text.startsWith(before)) throw new Error("a row is not what it was");
  const ids = text
    .split("\n")
    .slice(0, -1)
    .map(row => JSON.parse(row).id as number);
  const expected = Array.from({ length: LINES }, (_, i) => i + 1).filter(line => line !== BAD_LINE);
  if (ids.toSorted((a, b) => a - b).join() !== expected.join()) throw new Error(`the output has ${ids}`);
  const rejected = readFileSync(join(folder, "out.rejects.jsonl"), "utf8").split("\n").slice(0, -1);
  if (rejected.length !== 1) throw new Error(`${rejected.length} bad lines, not one`);
}
