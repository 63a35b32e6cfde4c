// Kills a job with SIGKILL at random moments, most of them inside a commit, and resumes it until it is done; then every
// item must have one line and one row, and the output must be whole.
//
//   node packages/skein/test/campaigns/kill-and-resume.ts [runs=20] [urls=20000] [seed]

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type OriginServer, originServer } from "@skein/testkit/servers";
import { runAndKill } from "../jobs/killing.ts";
import { randomFrom } from "../random.ts";

const ORIGIN_DELAY_MS = 20;
const CONCURRENCY = 100;
const MIN_KILLS = 5;
const MAX_KILLS = 8;

interface RunResult {
  readonly kills: number;
  readonly insideCommit: number;
  readonly requests: number;
  readonly lost: number;
  readonly doubled: number;
  /** What else is wrong; empty when nothing is. */
  readonly problems: readonly string[];
}

const [runs = 20, urls = 20_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const random = randomFrom(seed);
process.stdout.write(
  `seed ${seed}: ${runs} runs of ${urls} URLs, an origin that takes ${ORIGIN_DELAY_MS} ms\n`,
);

const origin = await originServer({
  remember: 0,
  routes: {
    item: ({ response, parts }) => void setTimeout(() => response.end(`item ${parts[1]}`), ORIGIN_DELAY_MS),
  },
});
const results: RunResult[] = [];
for (let run = 1; run <= runs; run++) {
  const result = await killAndResume(origin);
  results.push(result);
  process.stdout.write(`run ${run}: ${JSON.stringify(result)}\n`);
}
await origin.close();

const total = (of: (result: RunResult) => number) => results.reduce((sum, result) => sum + of(result), 0);
const problems = total(({ problems }) => problems.length);
process.stdout.write(
  `${runs} runs, ${total(r => r.kills)} kills, ${total(r => r.insideCommit)} of them inside a commit: ` +
    `${total(r => r.lost)} lost, ${total(r => r.doubled)} doubled, ${problems} problems; ` +
    `${total(r => r.requests)} requests for ${runs * urls} items\n`,
);
process.exitCode = total(r => r.lost + r.doubled) + problems === 0 ? 0 : 1;

async function killAndResume(server: OriginServer): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), "skein-campaign-"));
  const list = join(folder, "urls.txt");
  const output = join(folder, "out.jsonl");
  const lines = Array.from({ length: urls }, (_, i) => `${server.url}/item/${i + 1}\n`);
  writeFileSync(list, lines.join(""));
  const options = { list, output, concurrency: CONCURRENCY };
  const before = server.requestCount;
  const wanted = MIN_KILLS + Math.floor(random() * (MAX_KILLS - MIN_KILLS + 1));
  let kills = 0;
  let insideCommit = 0;
  try {
    for (let life = 0; life < wanted; life++) {
      const killed = await runAndKill(options, nextPlan());
      if (killed.wasKilled) kills++;
      if (killed.insideCommit) insideCommit++;
    }
    const last = await runAndKill(options, { afterMs: 600_000 });
    const requests = server.requestCount - before;
    const problems = kills < MIN_KILLS ? [`only ${kills} kills`] : [];
    if (!last.stdout.includes('"ended":"complete"')) problems.push(`the last run said ${last.stdout}`);
    return { kills, insideCommit, requests, ...inspect(output, problems) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function nextPlan() {
  const afterMs = random() * 500;
  const kind = random();
  if (kind < 0.25) return { afterMs };
  // At once after a write: before its sync, in it, or in the transaction. A little later: in it, or just after.
  return { afterMs, afterWriteMs: kind < 0.7 ? 0 : random() * 1.5 };
}

function inspect(output: string, problems: string[]): Pick<RunResult, "lost" | "doubled" | "problems"> {
  const text = readFileSync(output, "utf8");
  if (!text.endsWith("\n")) problems.push("the output ends in the middle of a line");
  const times = new Uint8Array(urls + 1);
  for (const line of text.split("\n").slice(0, -1)) {
    const row = JSON.parse(line) as { id: number; state: string; body: string };
    times[row.id]! += 1;
    if (row.state !== "succeeded" || row.body !== `item ${row.id}`) problems.push(`wrong: ${line}`);
  }
  const database = new DatabaseSync(`${output}.job.db`);
  const { rows, complete } = database
    .prepare("SELECT count(*) AS rows, (SELECT complete FROM job) AS complete FROM items")
    .get() as { rows: number; complete: number };
  database.close();
  if (rows !== urls || complete !== 1) problems.push(`the journal has ${rows} rows, complete: ${complete}`);
  const lost = times.subarray(1).filter(count => count === 0).length;
  const doubled = times.filter(count => count > 1).length;
  return { lost, doubled, problems };
}
