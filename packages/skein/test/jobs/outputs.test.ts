// What a job writes when it does not write lines of JSON, read by programs that know nothing of it.

import { execFileSync } from "node:child_process";
import {
  createReadStream,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { parse } from "csv-parse/sync";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { parquetWriteFile } from "hyparquet-writer";
import { WARCParser } from "warcio";
import { inspectJob, jobRows, listSource, retryItems, verifyJob } from "../../src/entry/jobs.ts";
import { isRefusedHere, NO_ZSTD } from "../zstd-lists.ts";
import { idsOf, JobFolder, type Row, range } from "./job-folder.ts";
import { runAndKill } from "./killing.ts";

let origin: OriginServer;
let isMended = false;

beforeAll(async () => {
  origin = await originServer({
    remember: 0,
    routes: {
      item: ({ response, parts }) => void setTimeout(() => response.end(`item ${parts[1]}`), 15),
      sometimes: ({ response }) => void response.writeHead(isMended ? 200 : 404).end('x, "y"\n'),
    },
  });
});

afterAll(() => origin.close());

/** What stands in a file, as another program unpacks it. */
function unpackedText(path: string): string {
  const options = { encoding: "utf8", maxBuffer: 1e9 } as const;
  if (path.endsWith(".gz")) return execFileSync("gzip", ["-dc", path], options);
  if (path.endsWith(".zst")) return execFileSync("zstd", ["-dcq", path], options);
  return readFileSync(path, "utf8");
}

/** Rows as another program reads them. */
async function rowsIn(path: string): Promise<Record<string, unknown>[]> {
  if (path.includes(".warc")) return warcRows(path);
  if (path.endsWith(".parquet"))
    return existsSync(path) ? parquetReadObjects({ file: await asyncBufferFromFile(path) }) : [];
  const text = unpackedText(path);
  if (path.includes(".csv")) return parse(text, { columns: true });
  if (path.includes(".tsv")) return parse(text, { columns: true, delimiter: "\t" });
  if (text !== "" && !text.endsWith("\n")) throw new Error(`${path} ends in the middle of a line`);
  return text
    .split("\n")
    .slice(0, -1)
    .map(line => JSON.parse(line) as Record<string, unknown>);
}

/** The rows of a WARC file, each with the body of the response that stands before it. */
async function warcRows(path: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  let body: string | undefined;
  for await (const record of new WARCParser(createReadStream(path), { parseHttp: true })) {
    const content = await record.contentText();
    if (record.warcType === "response") body = content;
    if (record.warcType === "metadata") {
      const row = JSON.parse(content) as Record<string, unknown>;
      rows.push({ ...row, ...(row.status === null ? undefined : { body }) });
    }
  }
  return rows;
}

const numbers = (rows: readonly Record<string, unknown>[]) =>
  rows.map(row => Number(row.id)).toSorted((a, b) => a - b);

async function allRows(output: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of jobRows(output)) rows.push(row);
  return rows;
}

const KINDS = [
  "out.jsonl.gz",
  "out.jsonl.zst",
  "out.csv",
  "out.tsv",
  "out.csv.gz",
  "out.tsv.zst",
  "out.warc",
  "out.warc.gz",
  "out.parquet",
];

describe.each(KINDS)("%s", name => {
  test("is read by other programs; stopped and gone on with, each item has one row", async () => {
    const folder = new JobFolder();
    const output = join(folder.path, name);
    folder.write([
      ...range(300).map(n => `${origin.url}/item/${n}`),
      `{"url":"${origin.url}/ok","meta":[1]}`,
    ]);
    const job = await folder.open({ output, concurrency: 10 });
    const running = job.run();
    while (job.progress.done < 100) await new Promise(resolve => setTimeout(resolve, 5));
    job.drain();
    await running;
    await job.close();
    expect(await folder.run({ output })).toMatchObject({ ended: "complete", done: 301, succeeded: 301 });
    const rows = await rowsIn(output);
    expect(numbers(rows)).toEqual(range(301));
    for (const row of rows.filter(({ id }) => Number(id) <= 300)) {
      expect(row).toMatchObject({ url: `${origin.url}/item/${row.id}`, state: "succeeded" });
      expect(Number(row.status)).toBe(200);
      if (/jsonl|warc|parquet/.test(name)) expect(row.body).toBe(`item ${row.id}`);
    }
    const meta = rows.find(({ id }) => Number(id) === 301)!.meta;
    expect(typeof meta === "string" ? JSON.parse(meta) : meta).toEqual([1]);
    expect(await verifyJob(output)).toMatchObject({ rows: 301, problemCount: 0, uncommittedBytes: 0 });
    expect(await inspectJob(output)).toMatchObject({ complete: true, succeeded: 301 });
    expect(idsOf(await allRows(output))).toEqual(range(301));
  });

  test("failed items are run again: their rows leave it, the others stay", async () => {
    const folder = new JobFolder();
    const output = join(folder.path, name);
    isMended = false;
    folder.write(range(40).map(n => `${origin.url}/${n % 4 === 0 ? "sometimes" : "item"}/${n}`));
    expect(await folder.run({ output })).toMatchObject({ succeeded: 30, failed: 10 });
    const before = (await rowsIn(output)).filter(({ state }) => state === "succeeded");
    expect(await retryItems(output, ({ status }) => status === 404)).toBe(10);
    // Parquet is there when the job is complete.
    expect(await rowsIn(output)).toEqual(name === "out.parquet" ? [] : before);
    isMended = true;
    expect(await folder.run({ output })).toMatchObject({ ended: "complete", succeeded: 40, requests: 10 });
    expect(numbers(await rowsIn(output))).toEqual(range(40));
    expect(await verifyJob(output)).toMatchObject({ rows: 40, problemCount: 0 });
  });

  test("killed again and again: each item has one row", { timeout: 120_000 }, async () => {
    const folder = new JobFolder();
    const output = join(folder.path, name);
    const count = 3_000;
    folder.write(range(count).map(n => `${origin.url}/item/${n}`));
    const seed = Date.now() % 100_000;
    let inside = 0;
    for (let kill = 0; kill < 10; kill++) {
      const plan = {
        afterMs: 20 + ((seed * (kill + 1)) % 120),
        ...(kill % 2 === 1 ? { afterWriteMs: 0 } : undefined),
      };
      const killed = await runAndKill({ list: folder.list, output, concurrency: 60 }, plan);
      if (killed.insideCommit) inside++;
    }
    const summary = await folder.run({ output, concurrency: 60 });
    expect(summary, `seed ${seed}, ${inside} kills inside a commit`).toMatchObject({
      ended: "complete",
      succeeded: count,
    });
    expect(numbers(await rowsIn(output)), `seed ${seed}`).toEqual(range(count));
    expect(await verifyJob(output)).toMatchObject({ rows: count, problemCount: 0 });
  });
});

test("a packed output that was packed anew, or damaged, is refused", async () => {
  const folder = new JobFolder();
  const output = join(folder.path, "out.jsonl.gz");
  folder.write(range(20).map(n => `${origin.url}/ok?${n}`));
  await folder.run({ output });
  const bytes = readFileSync(output);
  const flipped = Buffer.from(bytes);
  flipped[flipped.length >> 1]! ^= 0xff;
  writeFileSync(output, flipped);
  await expect(verifyJob(output)).rejects.toMatchObject({ code: "OUTPUT_CHANGED" });
  writeFileSync(output, Buffer.concat([execFileSync("gzip", ["-c"], { input: "x\n" }), bytes]));
  await expect(folder.run({ output })).rejects.toMatchObject({ code: "OUTPUT_CHANGED" });
  writeFileSync(output, bytes);
  truncateSync(output, bytes.length - 1);
  await expect(folder.run({ output })).rejects.toThrow(/shorter than it was/);
});

test("a table keeps cells from being run by a spreadsheet, and has no bodies", async () => {
  const folder = new JobFolder();
  const output = join(folder.path, "out.csv");
  folder.write([`{"id":"=1+1","url":"${origin.url}/ok"}`]);
  await folder.run({ output });
  const [row] = await rowsIn(output);
  expect(row).toMatchObject({ id: "'=1+1", state: "succeeded" });
  expect(Object.keys(row!)).not.toContain("body");
  const [read] = await allRows(output);
  expect(read).toMatchObject({ v: 1, id: "=1+1", state: "succeeded", status: 200 });
  await expect(folder.open({ output, bodies: "inline" })).rejects.toThrow(TypeError);
});

test("a table: a name of digits is no number, also when the row is written once more", async () => {
  const folder = new JobFolder();
  isMended = false;
  const ids = ["007", "0", "1e3", "12345678901234567890", "+1", " 7"];
  folder.write([
    ...ids.map(id => JSON.stringify({ id, url: `${origin.url}/ok` })),
    `${origin.url}/ok`,
    `${origin.url}/sometimes/1`,
  ]);
  for (const name of ["out.csv", "out.tsv.gz"]) {
    const output = join(folder.path, name);
    await folder.run({ output });
    expect(await retryItems(output, ({ state }) => state === "failed")).toBe(1);
    const written = (await rowsIn(output)).map(row => String(row.id).replace(/^'/, ""));
    expect(written.toSorted()).toEqual([...ids, "7"].toSorted());
    const read = (await allRows(output)).map(({ id }) => String(id));
    expect(read.toSorted()).toEqual([...ids, "7"].toSorted());
  }
});

test("none: the journal alone, to be gone on with, retried and verified", async () => {
  const folder = new JobFolder();
  const options = { output: join(folder.path, "job"), outputFormat: "none" } as const;
  isMended = false;
  folder.write([`${origin.url}/ok`, `${origin.url}/sometimes/1`]);
  expect(await folder.run(options)).toMatchObject({ succeeded: 1, failed: 1 });
  expect(existsSync(options.output)).toBe(false);
  expect(await inspectJob(options.output)).toMatchObject({ complete: true, failed: 1 });
  expect(await verifyJob(options.output)).toMatchObject({ rows: 0, problemCount: 0 });
  isMended = true;
  expect(await folder.run({ ...options, retryFailed: true })).toMatchObject({ succeeded: 2, requests: 1 });
  await expect(allRows(options.output)).rejects.toThrow(/its job has no output/);
  expect(existsSync(options.output)).toBe(false);
});

test("another kind than the one it was begun with is refused", async () => {
  const folder = new JobFolder();
  folder.write([`${origin.url}/ok`]);
  await folder.run();
  const size = statSync(folder.output).size;
  await expect(folder.open({ outputFormat: "csv", bodies: "none" })).rejects.toThrow(
    /was begun as another job: .*output was jsonl, is csv/,
  );
  expect(statSync(folder.output).size).toBe(size);
});

test("Parquet: made when the job is complete, with the types of its columns; made anew when it is gone", async () => {
  const folder = new JobFolder();
  const output = join(folder.path, "pages.parquet");
  folder.write([`{"id":"=a","url":"${origin.url}/item/1"}`, "http://127.0.0.1:1/"]);
  await folder.run({ output, attempts: 1 });
  const rows = (await rowsIn(output)).toSorted((a, b) => String(a.id).localeCompare(String(b.id)));
  expect(rows).toMatchObject([
    { id: "=a", status: 200, attempts: 1, bytes: 6, body: "item 1", error: null },
    { id: "2", status: null, state: "failed", bytes: null, body: null },
  ]);
  rmSync(output);
  expect(await folder.run({ output })).toMatchObject({ ended: "complete", requests: 0 });
  expect(await rowsIn(output)).toHaveLength(2);
  expect((await allRows(output)).map(({ v }) => v)).toEqual([1, 1]);
  for (const options of [
    { output, outputFormat: "csv" },
    { output: `${output}.gz`, outputFormat: "parquet" },
  ] as const) {
    await expect(folder.open(options)).rejects.toThrow(TypeError);
  }
  const foreign = join(folder.path, "foreign.parquet");
  writeFileSync(foreign, "PAR1");
  await expect(folder.open({ output: foreign })).rejects.toMatchObject({ code: "OUTPUT_NOT_OURS" });
});

test.for(["urls.csv.gz", "urls.tsv.zst", "urls.txt.gz", "urls.parquet", "urls.xml"])(
  "killed while it reads %s: each item has one line",
  { timeout: 60_000 },
  async (name, { skip }) => {
    skip(isRefusedHere(name), NO_ZSTD);
    const folder = new JobFolder();
    const list = join(folder.path, name);
    const count = 1_000;
    writeList(
      list,
      range(count).map(n => `${origin.url}/item/${n}`),
    );
    const seed = Date.now() % 100_000;
    for (let kill = 0; kill < 4; kill++) {
      const plan = { afterMs: 20 + ((seed * (kill + 1)) % 120) };
      await runAndKill({ list, output: folder.output, concurrency: 30 }, plan);
    }
    const summary = await folder.run({ source: listSource(list), concurrency: 30 });
    expect(summary, `seed ${seed}`).toMatchObject({ ended: "complete", succeeded: count });
    const items = folder.rows().map(({ url }) => Number(url.split("/").at(-1)));
    expect(
      items.toSorted((a, b) => a - b),
      `seed ${seed}`,
    ).toEqual(range(count));
  },
);

/** A list of the kind that its name says. */
function writeList(path: string, urls: readonly string[]): void {
  if (path.endsWith(".parquet")) {
    parquetWriteFile({ filename: path, columnData: [{ name: "url", data: [...urls], type: "STRING" }] });
    return;
  }
  const text = textOf(path, urls);
  const pack = path.endsWith(".gz") ? ["gzip", "-c"] : ["zstd", "-qc"];
  writeFileSync(path, /gz$|zst$/.test(path) ? execFileSync(pack[0]!, pack.slice(1), { input: text }) : text);
}

function textOf(path: string, urls: readonly string[]): string {
  if (path.endsWith(".xml")) {
    return `<urlset>${urls.map(url => `<url><loc>${url}</loc></url>`).join("")}</urlset>`;
  }
  if (path.includes(".txt")) return urls.join("\n");
  const delimiter = path.includes(".csv") ? "," : "\t";
  return ["n", ...urls.map((_, index) => `"${index}\n"`)]
    .map((cell, index) => [cell, index === 0 ? "url" : urls[index - 1]].join(delimiter))
    .join("\n");
}
