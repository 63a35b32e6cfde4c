/** `node batch-process.ts <url> <count>`: a batch of that many requests, its rate and its memory, beside bare calls. */
import { Client } from "../packages/skein/dist/index.js";

const [url, countText] = process.argv.slice(2) as [string, string];
const count = Number(countText);
const CONCURRENCY = 50;
const client = new Client({ limits: { maxConnections: CONCURRENCY, maxConnectionsPerOrigin: CONCURRENCY } });

function* items(): Generator<string> {
  for (let i = 0; i < count; i++) yield `${url}?${i}`;
}

async function bareRate(requests: number): Promise<number> {
  let next = 0;
  const started = performance.now();
  const worker = async () => {
    while (next < requests) (await client.get(`${url}?${next++}`)).text();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return requests / ((performance.now() - started) / 1_000);
}

await bareRate(Math.min(count, 50_000));
const bare = await bareRate(Math.min(count, 200_000));
const samples: number[] = [];
let done = 0;
const started = performance.now();
for await (const task of client.batch(items(), { concurrency: CONCURRENCY })) {
  if (task.state !== "succeeded") throw task.error;
  done += 1;
  if (done % Math.ceil(count / 20) === 0) samples.push(Math.round(process.memoryUsage.rss() / 1e6));
}
const rate = done / ((performance.now() - started) / 1_000);
if (done !== count) throw new Error(`${done} of ${count} tasks settled`);
console.log(JSON.stringify({ rate, bare, samples }));
await client.close();
