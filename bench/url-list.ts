import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { nginxServer } from "../packages/testkit/src/nginx-server.ts";
import { interleave, ratioTable, runCommand, runMeasured } from "./measure.ts";

const IN_FLIGHT = 50;
const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Of all runs of `skein fetch`. */
let peakMib = 0;

interface List {
  readonly directory: string;
  readonly urls: readonly string[];
}

type Run = (list: List, round: number) => Promise<void>;

/** The peers: each fetches the whole list once. Crawlee is given a part of it, or it would take minutes. */
const PEERS: Readonly<Record<string, { share: number; run: Run }>> = {
  "skein fetch": { share: 1, run: runSkein },
  "curl -Z": { share: 1, run: runCurl },
  "p-queue + undici": { share: 1, run: list => runPeer("p-queue-undici", list) },
  "Crawlee HttpCrawler": { share: 0.02, run: list => runPeer("crawlee", list) },
};

/** A list of URLs to a file of results, journal included, beside what others use for it. */
export async function benchUrlList(rounds: number, count: number): Promise<string> {
  await using nginx = await nginxServer({
    cpu: 1,
    locations: 'location / { default_type text/plain; return 200 "item $request_uri"; }',
  });
  const directory = mkdtempSync(join(tmpdir(), "skein-bench-"));
  try {
    const urls = Array.from({ length: count }, (_, i) => `${nginx.url}/item/${i}`);
    const results = await interleave(Object.keys(PEERS), rounds, async (name, round) => {
      const { share, run } = PEERS[name]!;
      const list = writeList(directory, urls.slice(0, Math.ceil(count * share)));
      const started = performance.now();
      await run(list, round);
      return list.urls.length / ((performance.now() - started) / 1_000);
    });
    const facts = await inspectLast(directory, urls, rounds - 1);
    return describeRun(count, ratioTable(results, "skein fetch"), facts);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function describeRun(count: number, table: string, facts: string): string {
  return [
    "## A list of URLs",
    "",
    `${count.toLocaleString("en")} URLs of one nginx (one worker, second core), ${IN_FLIGHT} in flight; whole processes, start included, each free to use both cores, as a user starts them.`,
    "`skein fetch` writes a row with body, SHA-256 and timings for each URL, and its journal; `curl -Z --parallel-max 50` writes to /dev/null and records nothing;",
    "p-queue + undici writes JSONL; Crawlee's HttpCrawler pushes to its dataset, in memory, and gets 2 % of the list.",
    "",
    table,
    "",
    facts,
  ].join("\n");
}

function writeList(directory: string, urls: readonly string[]): List {
  writeFileSync(join(directory, "urls.txt"), `${urls.join("\n")}\n`);
  writeFileSync(
    join(directory, "curl.txt"),
    urls.map(url => `url = "${url}"\noutput = "/dev/null"\n`).join(""),
  );
  return { directory, urls };
}

async function runSkein({ directory }: List, round: number): Promise<void> {
  const output = join(directory, `out-${round}.jsonl`);
  const flags = [
    "-o",
    output,
    "-j",
    String(IN_FLIGHT),
    "--per-host",
    String(IN_FLIGHT),
    "--progress",
    "none",
  ];
  const command = [program("../packages/skein/bin/skein.js"), "fetch", join(directory, "urls.txt"), ...flags];
  peakMib = Math.max(peakMib, (await runMeasured(process.execPath, command)).peakMib);
}

async function runCurl({ directory }: List): Promise<void> {
  await runCommand("curl", ["-sZ", "--parallel-max", String(IN_FLIGHT), "-K", join(directory, "curl.txt")]);
}

async function runPeer(name: string, { directory }: List): Promise<void> {
  const files = [join(directory, "urls.txt"), join(directory, `${name}.jsonl`)];
  await runCommand(process.execPath, [program(`./list-clients/${name}.ts`), ...files, String(IN_FLIGHT)]);
}

/** Reads the last output: every id once, every digest right; and the memory that it took. */
async function inspectLast(directory: string, urls: readonly string[], round: number): Promise<string> {
  const output = join(directory, `out-${round}.jsonl`);
  const seen = new Set<number>();
  for await (const line of createInterface({ input: createReadStream(output) })) {
    const row = JSON.parse(line) as { id: number; sha256: string };
    const url = urls[row.id - 1];
    if (url === undefined || seen.has(row.id))
      throw new Error(`the id ${row.id} is wrong, or stands there twice`);
    const body = `item ${new URL(url).pathname}`;
    if (row.sha256 !== createHash("sha256").update(body).digest("hex"))
      throw new Error(`the digest of id ${row.id} is wrong`);
    seen.add(row.id);
  }
  if (seen.size !== urls.length) throw new Error(`${seen.size} rows for ${urls.length} URLs`);
  return `Checked: ${seen.size.toLocaleString("en")} rows, each id once, every SHA-256 right; at most ${peakMib} MiB resident.`;
}
