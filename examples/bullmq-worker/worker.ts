import { setTimeout as sleep } from "node:timers/promises";
import { type Job, Queue, Worker } from "bullmq";
import { Client, consume } from "../../packages/skein/src/entry/node.ts";

const { REDIS_PORT = "6379", API_URL = "http://127.0.0.1:8080", LOCK_MS = "30000" } = process.env;
const connection = { host: "127.0.0.1", port: Number(REDIS_PORT), maxRetriesPerRequest: null };
const lockMs = Number(LOCK_MS);
const token = `worker-${process.pid}`;

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());

const worker = new Worker<object>("orders", null, {
  connection,
  lockDuration: lockMs,
  stalledInterval: lockMs,
  maxStalledCount: 100,
});
const events = new Queue("answered", { connection });
const tell = (error: Error) => console.error(`redis: ${error.message}`);
worker.on("error", tell);
events.on("error", tell);
await worker.startStalledCheckTimer();

const held = new Set<Job>();
const renewal = setInterval(() => {
  for (const job of held)
    job.extendLock(token, lockMs).catch(error => console.error(`lock of ${job.id}: ${error.message}`));
}, lockMs / 3);

await using client = new Client({ baseUrl: API_URL, timeout: "10s" });
while (!stopping.signal.aborted) {
  try {
    await work(client);
  } catch (error) {
    // A job that could not be completed loses its lock, and is taken again.
    console.error(`again in half a second: ${(error as Error).message}`);
    await sleep(500);
  }
}
clearInterval(renewal);
await worker.close();
await events.close();

async function work(client: Client): Promise<void> {
  await consume(jobs(), job => ({ url: "/answer", params: { order: String(job.id) } }), {
    client,
    concurrency: 10,
    signal: stopping.signal,
    parse: response => response.json<object>(),
    handle: ({ input, value }) => events.add("answered", value, { jobId: input.id ?? "" }),
    ack: (job, { value }) => end(job, () => job.moveToCompleted(value, token, false)),
    nack: (job, { retryable, retryAfterMs = 1_000, error }) =>
      end(job, () =>
        retryable
          ? job.moveToDelayed(Date.now() + retryAfterMs, token)
          : job.moveToFailed(error, token, false),
      ),
  });
}

async function* jobs(): AsyncGenerator<Job> {
  while (!stopping.signal.aborted) {
    const job = await worker.getNextJob(token, { block: false });
    if (job === undefined) {
      await sleep(50);
      continue;
    }
    held.add(job);
    yield job;
  }
}

/** Its lock is kept until the queue knows what became of it; if it can't be told, the lock runs out. */
async function end(job: Job, tell: () => Promise<unknown>): Promise<void> {
  try {
    await tell();
  } finally {
    held.delete(job);
  }
}
