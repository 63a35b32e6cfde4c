/**
 * `npm run bench` measures everything and writes RESULTS.md; `npm run bench -- --short` only sees that it works.
 * Absolute figures drift from machine to machine and hour to hour: the ratios, taken side by side in one run, count.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { benchBatchMemory } from "./batch-memory.ts";
import { benchIdleConnections } from "./idle-connections.ts";
import { benchImport } from "./import-time.ts";
import { benchLargeBodies } from "./large-bodies.ts";
import { benchScheduling } from "./scheduling.ts";
import { benchSecureCalls } from "./secure-calls.ts";
import { benchSmallCalls } from "./small-calls.ts";
import { benchUrlList } from "./url-list.ts";

const short = process.argv.includes("--short");
const parts = [
  await benchSmallCalls(short ? { rounds: 1, seconds: 0.3 } : { rounds: 5, seconds: 3 }),
  await benchSecureCalls(short ? { rounds: 1, seconds: 0.3 } : { rounds: 5, seconds: 3 }),
  await benchLargeBodies(short ? { rounds: 1, seconds: 0.1 } : { rounds: 5, seconds: 3 }, short ? 10 : 100),
  await benchIdleConnections(short ? 100 : 2_000),
  await benchImport(short ? 1 : 15),
  await benchUrlList(short ? 1 : 5, short ? 1_000 : 100_000),
  await benchScheduling(short ? 1 : 5, short ? 40_000 : 400_000),
  await benchBatchMemory(short ? 5_000 : 1_000_000),
];

function versions(): string {
  const { dependencies } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8"));
  return Object.entries(dependencies as Record<string, string>)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

const title = [
  "# Results",
  "",
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}. Peers: ${versions()}.`,
  "Each client is warmed for a second; rounds are interleaved; figures are medians. Only ratios are worth comparing.",
].join("\n");
const report = `${[title, ...parts].join("\n\n")}\n`;
console.log(`\n${report}`);
if (!short) writeFileSync(new URL("./RESULTS.md", import.meta.url), report);
