// What a job costs without a network: a list through source, batch, rows and journal, over a transport that answers at
// once. Prints items a second, the main thread's CPU time an item, and the memory on the way.
//
//   node packages/skein/test/campaigns/job-throughput.ts [urls=100000]

import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bodyOf } from "@skein/testkit/servers";
import { BaseClient } from "../../src/client/client.ts";
import { PARTS_AT_HAND } from "../../src/client/parts-at-hand.ts";
import { Headers } from "../../src/core/headers.ts";
import { Response } from "../../src/core/response.ts";
import type { Transport } from "../../src/core/service.ts";
import { Job, linesSource } from "../../src/entry/jobs.ts";
import { nodePorts } from "../../src/runtime/node/node-ports.ts";

const [urls = 100_000] = process.argv.slice(2).map(Number);
const HEAD =
  "Content-Type: text/plain\r\nContent-Length: 32\r\nServer: none\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\n";
const BASE = "http://127.0.0.1:8080/small";
const BODY = Buffer.from("hello world, hello world, hello!");

let answered = 0;
const transport: Transport = {
  async send(request) {
    if (++answered % Math.ceil(urls / 5) === 0) report(`${answered} answered`);
    const head = {
      status: 200,
      reasonPhrase: "OK",
      httpVersion: "1.1",
      headers: Headers.fromFieldLines(HEAD),
    };
    return new Response(head, request, bodyOf([BODY], { arrived: true }));
  },
  async close() {},
  destroy() {},
};

const folder = mkdtempSync(join(tmpdir(), "skein-throughput-"));
const list = join(folder, "urls.txt");
writeList();
const client = new BaseClient(
  {},
  { ports: nodePorts(), parts: PARTS_AT_HAND, transport: () => transport, userAgent: "throughput" },
);
report("start");
const job = await Job.open({ source: linesSource(list), output: join(folder, "out.jsonl"), client });
const started = performance.now();
const cpu = process.threadCpuUsage();
const summary = await job.run();
const { user, system } = process.threadCpuUsage(cpu);
const seconds = (performance.now() - started) / 1_000;
report(
  `${summary.ended}: ${summary.succeeded} in ${seconds.toFixed(1)} s, ${Math.round(urls / seconds)} items/s, ` +
    `${((user + system) / urls).toFixed(2)} µs of the main thread an item`,
);
await job.close();
rmSync(folder, { recursive: true });

/** A piece at a time: what is measured later is the job's memory. */
function writeList(): void {
  for (let start = 0; start < urls; start += 10_000) {
    const lines = Array.from(
      { length: Math.min(10_000, urls - start) },
      (_, i) => `${BASE}/item-${start + i}\n`,
    );
    appendFileSync(list, lines.join(""));
  }
}

function report(what: string): void {
  const { rss, heapUsed } = process.memoryUsage();
  process.stdout.write(`${what}; rss ${Math.round(rss / 1e6)} MB, heap ${Math.round(heapUsed / 1e6)} MB\n`);
}
