// What a request makes is garbage when it has ended: were it kept for a while, by a structure that has nothing to do with it any
// more, the garbage collector would carry all of it to the old generation, which costs more than to make it.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, nginxServer, test } from "@skein/testkit";

const REQUESTS = 12_000;
const PROGRAM = join(import.meta.dirname, "promotion-load.ts");

const config = (listen: string) => `
daemon off; error_log error.log; pid nginx.pid; ${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 512; }
http {
  access_log off; keepalive_requests 1000000;
  server { listen ${listen}; location / { return 200 $request_uri; } }
}`;

/** Bytes a request that lived through two collections of the nursery. */
async function promotedBytes(url: string, ...how: string[]): Promise<number> {
  const flags = ["--max-semi-space-size=2", "--trace-gc-nvp", "--expose-gc"];
  const args = [...flags, PROGRAM, url, ...how, String(REQUESTS)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  expect(stdout).toContain(`succeeded ${REQUESTS}`);
  const collections = [...stdout.matchAll(/\bpromoted"?[=:](\d+)/g)].map(([, bytes]) => Number(bytes));
  // The first ones carry what the program itself is made of.
  const later = collections.slice(Math.floor(collections.length / 4));
  expect(later.length).toBeGreaterThan(10);
  return later.reduce((sum, bytes) => sum + bytes, 0) / (REQUESTS * 0.75);
}

test.each([
  ["a call", "1", "calls"],
  ["a call", "2", "calls"],
  ["a task of a batch", "1", "plain"],
  ["a task of a batch", "2", "plain"],
  ["a task with a deadline", "1", "deadline"],
  ["a task with a rate", "1", "rate"],
])("what %s over HTTP/%s makes does not grow old (%s)", async (_, version, how) => {
  const mode = version === "2" ? " http2" : "";
  await using nginx = await nginxServer({ config: ({ port }) => config(`127.0.0.1:${port}${mode}`) });
  // A task, its request and its attempt are 700 bytes.
  expect(await promotedBytes(nginx.url, version, how)).toBeLessThan(300);
});
