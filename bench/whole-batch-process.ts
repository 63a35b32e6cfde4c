/**
 * `node whole-batch-process.ts <plain|deadline> <tasks>` prints what a task of a batch takes more than a bare call, in microseconds:
 * 10,000 origins in turn, 50 in flight, over a transport that answers at once.
 */
import { Headers } from "../packages/skein/src/core/headers.ts";
import { Response } from "../packages/skein/src/core/response.ts";
import type { Transport } from "../packages/skein/src/core/service.ts";
import { StoredBody } from "../packages/skein/src/core/stored-body.ts";
import { Client } from "../packages/skein/src/entry/node.ts";

const [kind, countText] = process.argv.slice(2) as ["plain" | "deadline", string];
const ORIGINS = 10_000;
const CONCURRENCY = 50;
const HEAD = { status: 200, reasonPhrase: "OK", httpVersion: "1.1", headers: Headers.empty };
const BODY = new TextEncoder().encode('{"a":1}');

const transport: Transport = {
  send: async request => new Response(HEAD, request, new StoredBody(BODY)),
  close: async () => {},
};
const client = new Client({ transport });
const options = kind === "deadline" ? { deadline: 60_000 } : {};

function* urls(count: number): Generator<string> {
  for (let i = 0; i < count; i++) yield `http://host-${i % ORIGINS}.test/${i}`;
}

async function bare(count: number): Promise<number> {
  const list = urls(count);
  const worker = async () => {
    for (const url of list) await client.get(url, options);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return ((performance.now() - started) * 1_000) / count;
}

async function batch(count: number): Promise<number> {
  const request = (url: string) => ({ url, ...options });
  const started = performance.now();
  let settled = 0;
  for await (const task of client.batch(urls(count), { concurrency: CONCURRENCY, request })) {
    if (task.state !== "succeeded") throw task.error;
    settled += 1;
  }
  if (settled !== count) throw new Error(`${settled} of ${count} tasks settled`);
  return ((performance.now() - started) * 1_000) / count;
}

const count = Number(countText);
await bare(count / 4);
await batch(count / 4);
const alone = await bare(count);
console.log(((await batch(count)) - alone).toFixed(2));
await client.close();
