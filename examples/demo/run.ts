// npm run demo: a list of 20,000 URLs, servers that are fast, slow, broken or strict, and `skein fetch` between them.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Check, checkResults } from "./check-results.ts";
import { type Entry, type Origins, urlList } from "./url-list.ts";

const LENGTH = 20_000;
const SOME_FAILED = 1;
const INTERRUPTED = 130;
const SKEIN = join(import.meta.dirname, "../../packages/skein/bin/skein.js");

if (existsSync(join(SKEIN, "../../dist/cli.js"))) process.exitCode = await demo();
else {
  console.error("The program has not been built yet: run `npm ci` (or `npm run build`) first.");
  process.exitCode = 2;
}

async function demo(): Promise<number> {
  const servers = fork(join(import.meta.dirname, "servers.ts"), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  // Ctrl-C is for skein, which then stops in order; the demo goes on until it has.
  process.on("SIGINT", () => undefined);
  try {
    const [origins] = (await once(servers, "message")) as [Origins];
    const entries = urlList(origins, LENGTH);
    const directory = await mkdtemp(join(tmpdir(), "skein-demo-"));
    await writeFile(join(directory, "urls.txt"), `${entries.map(entry => entry.url).join("\n")}\n`);
    return await fetchAndCheck(directory, entries);
  } finally {
    await stop(servers);
  }
}

async function fetchAndCheck(directory: string, entries: readonly Entry[]): Promise<number> {
  const args = "fetch urls.txt -o results.jsonl --concurrency 100 --per-host 64".split(" ");
  console.log(
    `${LENGTH.toLocaleString("en")} URLs stand in ${directory}/urls.txt\n$ skein ${args.join(" ")}\n`,
  );
  const program = spawn(process.execPath, [SKEIN, ...args], { cwd: directory, stdio: "inherit" });
  const [code] = (await once(program, "exit")) as [number | null];
  if (code === INTERRUPTED) {
    console.log("\nInterrupted. The demo's servers end with it, so this list can't be continued.");
    return INTERRUPTED;
  }
  if (code !== SOME_FAILED) {
    console.log(`\nUnexpected: skein ended with ${code}, not with ${SOME_FAILED} (some items failed).`);
    return 1;
  }
  return report(await checkResults(join(directory, "results.jsonl"), entries), directory);
}

function report(check: Check, directory: string): number {
  console.log("\nWhat was expected, and came (the servers fail on purpose):");
  for (const { name, right, expected } of check.kinds) {
    console.log(`  ${right === expected ? "✓" : "✗"} ${right.toLocaleString("en").padStart(6)}  ${name}`);
  }
  for (const fault of check.faults.slice(0, 10)) console.log(`  ✗ ${fault}`);
  if (check.faults.length > 10) console.log(`  ✗ and ${check.faults.length - 10} more`);
  console.log(
    check.faults.length === 0
      ? `\nEvery item ended once, and as expected. Look around in ${directory}`
      : `\nThis is not as expected. The files are in ${directory}`,
  );
  return check.faults.length === 0 ? 0 : 1;
}

async function stop(servers: ChildProcess): Promise<void> {
  if (servers.exitCode !== null) return;
  const ended = once(servers, "exit");
  servers.disconnect();
  await ended;
}
