/**
 * `node --expose-gc idle-process.ts <url> <connections>`: opens so many connections, and prints what each that idles costs,
 * in bytes: in the heap and outside of it as Node counts, and as the system does.
 */
import { Client } from "../packages/skein/dist/index.js";
import { lengthOf } from "./body-clients/body-client.js";

const [url, connections] = process.argv.slice(2) as [string, string];
const count = Number(connections);
const client = new Client({
  timeout: "60s",
  limits: {
    maxConnections: count,
    maxConnectionsPerOrigin: count,
    maxKeepAlive: count,
    keepAliveExpiry: "10m",
  },
});

async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc!();
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return process.memoryUsage();
}

/** One after the other: what a crowd leaves behind in the heap is not the connections'. */
async function openAll(): Promise<void> {
  const held = [];
  for (let i = 0; i < count; i++) held.push(await client.stream(`${url}held`));
  for (const stream of held) await lengthOf(stream.chunks());
}

// The heap grows to what calls need, before it is measured.
for (let i = 0; i < 5_000; i++) await client.get(`${url}first`).text();
const before = await settled();
await openAll();
const after = await settled();
const each = (bytes: number) => Math.round(bytes / count);
console.log(
  JSON.stringify({
    counted: each(after.heapUsed + after.external - before.heapUsed - before.external),
    resident: each(after.rss - before.rss),
  }),
);
client.destroy();
process.exit(0);
