// Kills a job with SIGKILL, at random moments, most of them inside a commit, and at one call of its journal after the other; and
// resumes it until it is done. Then every item must have one row, in the output and in the journal, and the output must be
// whole. One kind of output after the other has its turn.
//
//   npm run test:kill [-- runs=25] [urls=20000] [seed]

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OriginServer, originServer } from "@skein/testkit/servers";
import { jobRows, verifyJob } from "../../src/entry/jobs.ts";
import { type CountedKill, runAndKill } from "../jobs/killing.ts";
import { randomFrom } from "../random.ts";

const ORIGIN_DELAY_MS = 20;
const CONCURRENCY = 100;
/** By the clock, and by calls, in a run. */
const TIMED_KILLS = 4;
const COUNTED_KILLS = 4;
const KINDS = ["jsonl", "csv", "jsonl.gz", "jsonl.zst", "tsv.gz", "warc", "warc.gz", "parquet"];

interface RunResult {
  readonly kills: number;
  readonly insideCommit: number;
  readonly requests: number;
  readonly lost: number;
  readonly doubled: number;
  /** What else is wrong; empty when nothing is. */
  readonly problems: readonly string[];
}

const [runs = 25, urls = 20_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
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
/** The call at which the next kill is: over all runs each has its turn. */
let call = 0;
for (let run = 1; run <= runs; run++) {
  const name = `out.${KINDS[run % KINDS.length]}`;
  const result = await killAndResume(origin, name);
  results.push(result);
  process.stdout.write(`run ${run}, ${name}: ${JSON.stringify(result)}\n`);
}
await origin.close();

const total = (of: (result: RunResult) => number) => results.reduce((sum, result) => sum + of(result), 0);
const problems = total(({ problems }) => problems.length);
process.stdout.write(
  `${runs} runs, ${total(r => r.kills)} kills, ${total(r => r.insideCommit)} of them inside a commit, ${Math.ceil(call / 2)} calls: ` +
    `${total(r => r.lost)} lost, ${total(r => r.doubled)} doubled, ${problems} problems; ` +
    `${total(r => r.requests)} requests for ${runs * urls} items\n`,
);
process.exitCode = total(r => r.lost + r.doubled) + problems === 0 ? 0 : 1;

async function killAndResume(server: OriginServer, name: string): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), "skein-campaign-"));
  const list = join(folder, "urls.txt");
  const output = join(folder, name);
  const lines = Array.from({ length: urls }, (_, i) => `${server.url}/item/${i + 1}\n`);
  writeFileSync(list, lines.join(""));
  const options = { list, output, concurrency: CONCURRENCY };
  const before = server.requestCount;
  let kills = 0;
  let insideCommit = 0;
  try {
    for (let life = 0; life < TIMED_KILLS + COUNTED_KILLS; life++) {
      const killed = await runAndKill(options, life % 2 === 0 ? nextPlan() : nextCall());
      if (killed.wasKilled) kills++;
      if (killed.insideCommit) insideCommit++;
    }
    const last = await runAndKill(options, { afterMs: 600_000 });
    const requests = server.requestCount - before;
    const problems = kills < TIMED_KILLS ? [`only ${kills} kills`] : [];
    if (!last.stdout.includes('"ended":"complete"')) problems.push(`the last run said ${last.stdout}`);
    return { kills, insideCommit, requests, ...(await inspect(output, problems)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function nextCall(): CountedKill {
  const when = call % 2 === 0 ? "before" : "after";
  return { atCall: 1 + Math.floor(call++ / 2), when };
}

function nextPlan() {
  const afterMs = random() * 500;
  const kind = random();
  if (kind < 0.25) return { afterMs };
  // At once after a write: before its sync, in it, or in the transaction. A little later: in it, or just after.
  return { afterMs, afterWriteMs: kind < 0.7 ? 0 : random() * 1.5 };
}

async function inspect(
  output: string,
  problems: string[],
): Promise<Pick<RunResult, "lost" | "doubled" | "problems">> {
  const times = new Uint8Array(urls + 1);
  for await (const { id, state, body } of jobRows(output)) {
    times[Number(id)]! += 1;
    const isRight = state === "succeeded" && (body === undefined || body === `item ${id}`);
    if (!isRight) problems.push(`wrong: ${id} ${state} ${body}`);
  }
  const verified = await verifyJob(output);
  problems.push(...verified.problems.map(({ message }) => message));
  const { done, complete } = verified.report;
  if (done !== urls || !complete) problems.push(`the journal has ${done} items, complete: ${complete}`);
  const lost = times.subarray(1).filter(count => count === 0).length;
  const doubled = times.filter(count => count > 1).length;
  return { lost, doubled, problems };
}
