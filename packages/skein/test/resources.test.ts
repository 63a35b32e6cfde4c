import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, originServer, test } from "@skein/testkit";
import { Client } from "../src/entry/node.ts";

/** A batch that finds out by itself how many requests are good for its own process. */

const ANSWER_MS = 30;

interface Seen {
  gates: string[];
  least: number;
  mostOpen: number;
  openFailed: number;
  succeeded: number;
  gateAtTheEnd: string;
}

async function runShort(what: string, { limit = 4_096, flags = "" } = {}): Promise<Seen> {
  const server = createServer((_, response) => setTimeout(() => response.end("ok"), ANSWER_MS));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const script = fileURLToPath(new URL("resource-user.ts", import.meta.url));
  const { port } = server.address() as AddressInfo;
  const command = `ulimit -n ${limit}; exec "${process.execPath}" ${flags} "${script}" ${what} ${port}`;
  try {
    const { stdout } = await promisify(execFile)("sh", ["-c", command], { timeout: 60_000 });
    return JSON.parse(stdout);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("descriptors: some are left to the rest of the program, and nothing fails", {
  timeout: 90_000,
}, async () => {
  const seen = await runShort("descriptors", { limit: 128 });
  expect(seen).toMatchObject({ succeeded: 1_200, openFailed: 0, gates: ["connections"] });
  // 16 are spared, beyond those that were opened between two looks.
  expect(seen.mostOpen).toBeLessThanOrEqual(128 - 8);
  expect(seen.mostOpen).toBeGreaterThan(80);
});

test("memory: fewer in flight while it is nearly full, more when it is free again", {
  timeout: 90_000,
}, async () => {
  const seen = await runShort("memory", { flags: "--expose-gc --max-old-space-size=300" });
  expect(seen).toMatchObject({ succeeded: 2_000, gates: ["memory"] });
  expect(seen.least).toBeLessThan(20);
});

test("the event loop: fewer in flight while it does not keep up, but never none", {
  timeout: 90_000,
}, async () => {
  const seen = await runShort("loop");
  expect(seen).toMatchObject({ succeeded: 1_500, gates: ["event loop"] });
  expect(seen.least).toBeGreaterThanOrEqual(10);
});

test("whoever says how many has as many", async () => {
  const origin = await originServer();
  await using client = new Client();
  const batch = client.batch(Array(50).fill(`${origin.url}/delay/5`), {
    concurrency: 25,
    parse: () => {
      for (const end = performance.now() + 15; performance.now() < end; ) Math.random();
    },
  });
  for await (const { state } of batch) {
    expect(state).toBe("succeeded");
    expect(batch.progress.gate).toBeUndefined();
  }
  await origin.close();
});
