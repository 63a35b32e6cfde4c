// Runs in a process of its own, whose memory is looked at: for each message it makes the calls that are described there,
// and tells how they ended, and how much memory was resident at most meanwhile.
import { readFileSync, writeFileSync } from "node:fs";
import { Client, type ClientOptions, isSkeinError } from "../../src/entry/node.ts";
import type { FloodReport, FloodTask } from "./flood-process.ts";
import { collectGarbage, pause } from "./harness.ts";

/** Bytes, as the system counts: what a field of /proc/self/status says. */
function resident(field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)![1]) * 1_024;
}

/** What is closed takes some turns of the loop to be gone. */
async function held(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await pause(10);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function outcome(call: PromiseLike<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return isSkeinError(error) ? `${error.code} ${error.phase}` : `not ours: ${String(error)}`;
  }
}

async function streamed(client: Client, url: string): Promise<number> {
  let length = 0;
  for await (const chunk of (await client.stream(url)).chunks()) length += chunk.length;
  return length;
}

/** Whatever the flood does to the process, others are answered. */
async function bystanders(client: Client, url: string, isOver: () => boolean): Promise<Set<string>> {
  const seen = new Set<string>();
  while (!isOver()) {
    seen.add(await outcome(client.get(url).text()));
    await pause(10);
  }
  return seen;
}

async function run(task: FloodTask): Promise<FloodReport> {
  const { ca, http2, calm, url, how, options } = task;
  const { body, ...rest } = options;
  const client = new Client({ retry: false, http2, tls: { ca }, ...rest } as ClientOptions);
  // What is only made once, or loaded when first needed, is no flood's.
  await client.get(calm).text();
  const before = await held();
  // Linux starts to count the peak anew.
  writeFileSync("/proc/self/clear_refs", "5");
  const start = resident("VmRSS");
  const started = performance.now();
  let isOver = false;
  const others = bystanders(client, calm, () => isOver);
  const send = () =>
    body === undefined ? client.get(url) : client.post(url, { content: new Uint8Array(body) });
  const calls = {
    buffered: async () => (await send()).bytes(),
    streamed: () => streamed(client, url),
    downloaded: () => client.download(url, task.file),
  };
  const ended = await outcome(calls[how]());
  const elapsed = performance.now() - started;
  const peak = resident("VmHWM") - start;
  isOver = true;
  const report = {
    ended,
    elapsed,
    peak,
    others: [...(await others)],
    again: await outcome(client.get(url).text()),
  };
  client.destroy();
  return { ...report, kept: (await held()) - before };
}

const escaped: string[] = [];
process.on("uncaughtException", error => escaped.push(String(error)));
process.on("unhandledRejection", error => escaped.push(String(error)));
process.on("message", async (task: FloodTask) => {
  const report = await run(task);
  process.send!({ ...report, escaped: escaped.splice(0) });
});
process.send!("ready");
