import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, originServer, test } from "@skein/testkit";
import { LIMIT_MS } from "./harness.ts";

const CLIENT = fileURLToPath(new URL("few-files-client.ts", import.meta.url));

/** Runs the client under a shell's words, and reads what it prints. */
async function run(before: string, mode: string, url: string): Promise<Record<string, number>> {
  const command = `${before} exec "$0" --no-warnings "$1" "$2" "$3"`;
  const args = ["-c", command, process.execPath, CLIENT, mode, url];
  const { stdout } = await promisify(execFile)("/bin/sh", args, { timeout: LIMIT_MS });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

// Node itself has about 20 files open: there is room for some connections, and never for the hundred that are wanted.
const FEW_FILES = "ulimit -n 48;";

test("with few files left, calls wait for the connections that there are, and none fails", {
  timeout: LIMIT_MS,
}, async () => {
  await using origin = await originServer();
  expect(await run(FEW_FILES, "calls", `${origin.url}/delay/5`)).toEqual({ ok: 400 });
});

test("a batch goes on as well, with one attempt an item", { timeout: LIMIT_MS }, async () => {
  await using origin = await originServer();
  const counted = await run(FEW_FILES, "batch", `${origin.url}/delay/5`);
  expect(counted).toEqual({ succeeded: 400, "attempts 1": 400 });
});

test("without a single file left, a call says so, after its attempts", { timeout: LIMIT_MS }, async () => {
  await using origin = await originServer();
  const counted = await run(FEW_FILES, "none", `${origin.url}/ok`);
  expect(counted).toEqual({ "TOO_MANY_OPEN_FILES connect none true 2": 1 });
});

const FEW_PORTS = `ip link set lo up && echo "40000 40020" > /proc/sys/net/ipv4/ip_local_port_range &&`;
const hasNamespaces =
  spawnSync("unshare", ["-rn", "sh", "-c", `${FEW_PORTS} true`], { stdio: "ignore" }).status === 0;

// The ports of a machine run out like its files: each connection to the same address takes one.
test.skipIf(!hasNamespaces)(
  "with few ports left, calls wait for the connections that there are",
  {
    timeout: LIMIT_MS,
  },
  async () => {
    // In there nothing of this process can be reached: the server is the shell's neighbour in its network.
    const server = `require("node:http").createServer((_, r) => setTimeout(() => r.end("ok"), 5)).listen(8080, "127.0.0.1")`;
    const both = `"$0" -e '${server}' & server=$!; sleep 1; "$0" --no-warnings "$1" calls http://127.0.0.1:8080/; kill $server`;
    const args = ["-rn", "sh", "-c", `${FEW_PORTS} { ${both}; }`, process.execPath, CLIENT];
    const { stdout } = await promisify(execFile)("unshare", args, { timeout: LIMIT_MS });
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toEqual({ ok: 400 });
  },
);
