/**
 * One measurement in a process of its own, so that no client warms or slows another:
 * `node client-process.ts <client> <url> <connections> <seconds> [distinct]` prints requests a second as JSON.
 * With `distinct` each request has a URL of its own.
 */
import type { MakeClient } from "./clients/client.ts";

const [name, url, connections, seconds, distinct] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
const { makeClient } = (await import(`./clients/${name}.ts`)) as { makeClient: MakeClient };
const client = await makeClient({ url, connections: Number(connections) });
const expected = await (await fetch(url)).text();

let count = 0;
let stopAt = 0;

async function worker(): Promise<void> {
  while (performance.now() < stopAt) {
    const text = await client.call(distinct === undefined ? url : `${url}?n=${count}`);
    if (!text.endsWith(expected)) throw new Error(`${name} got ${JSON.stringify(text)}`);
    count += 1;
  }
}

async function run(ms: number): Promise<number> {
  count = 0;
  const start = performance.now();
  stopAt = start + ms;
  await Promise.all(Array.from({ length: Number(connections) }, worker));
  return count / ((performance.now() - start) / 1_000);
}

await run(1_000);
const rate = await run(Number(seconds) * 1_000);
console.log(
  JSON.stringify({ name, rate: Math.round(rate), rss: Math.round(process.memoryUsage.rss() / 1e6) }),
);
await client.close();
process.exit(0);
