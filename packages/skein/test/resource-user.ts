import { closeSync, openSync, readdirSync } from "node:fs";
import { type BatchProgress, Client } from "../src/entry/node.ts";

/**
 * A process that is short of something: it runs one batch with `concurrency: "auto"`, and prints what it saw.
 * `resource-user.ts descriptors|memory|loop PORT`
 */

const [what, port] = process.argv.slice(2);
const seen = { gates: new Set<string>(), least: Number.POSITIVE_INFINITY, mostOpen: 0, openFailed: 0 };

function look({ gate }: BatchProgress): void {
  if (gate === undefined) return;
  seen.gates.add(gate.by);
  seen.least = Math.min(seen.least, gate.concurrency);
}

/** What the rest of a program does meanwhile. */
function openAFile(): void {
  try {
    const file = openSync("/dev/null", "r");
    seen.mostOpen = Math.max(seen.mostOpen, readdirSync("/proc/self/fd").length - 2);
    closeSync(file);
  } catch {
    seen.openFailed += 1;
  }
}

const manyOrigins = (count: number) =>
  Array.from({ length: count }, (_, i) => `http://host-${i % 200}.test:${port}/?${i}`);
const oneOrigin = (count: number) => Array.from({ length: count }, (_, i) => `http://one.test:${port}/?${i}`);

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.random();
}

/** So many megabytes of the heap, and they live on. */
const fill = (megabytes: number): number[][] =>
  Array.from({ length: megabytes }, () => new Array<number>(125_000).fill(0.5));

const ballast = what === "memory" ? fill(285) : [];
const urls = what === "descriptors" ? manyOrigins(1_200) : oneOrigin(what === "memory" ? 2_000 : 1_500);
// No `await using`: Node 22 runs this file as it is, and can't parse that.
const client = new Client({
  lookup: (_host, _options, done) => done(null, "127.0.0.1"),
  limits: { maxConnections: 1_000, maxConnectionsPerOrigin: 200 },
});
const batch = client.batch(urls, {
  concurrency: "auto",
  ...(what === "loop" && { perOrigin: 200, parse: () => spin(3) }),
  ...(what === "memory" && { perOrigin: 200 }),
});
const timer = setInterval(() => {
  look(batch.progress);
  openAFile();
  // What was short is there again.
  if (what === "memory" && seen.least < 20 && ballast.length > 0) {
    ballast.length = 0;
    gc!();
  }
}, 10);
let succeeded = 0;
for await (const task of batch) {
  look(batch.progress);
  if (task.state === "succeeded" && task.attempts.length === 1) succeeded += 1;
}
clearInterval(timer);
const { gate } = batch.progress;
console.log(JSON.stringify({ ...seen, gates: [...seen.gates], succeeded, gateAtTheEnd: gate?.by ?? "none" }));
await client.close();
