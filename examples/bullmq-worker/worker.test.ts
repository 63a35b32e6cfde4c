import { spawn } from "node:child_process";
import {
  afterAll,
  beforeAll,
  expect,
  originServer,
  type RedisServer,
  redisServer,
  test,
} from "@skein/testkit";
import { Queue } from "bullmq";

/** The example on Debian's Redis, which is killed and started again, as the worker is. */

const COUNT = 300;
let redis: RedisServer;
let orders: Queue;
let answered: Queue;
beforeAll(async () => {
  redis = await redisServer();
  const connection = { host: "127.0.0.1", port: redis.port, maxRetriesPerRequest: null };
  [orders, answered] = [new Queue("orders", { connection }), new Queue("answered", { connection })];
  // While Redis is down, its clients tell of each attempt to connect.
  for (const queue of [orders, answered]) queue.on("error", () => {});
});
afterAll(async () => {
  await orders?.close();
  await answered?.close();
  await redis?.[Symbol.asyncDispose]();
});

function startWorker(apiUrl: string): (signal: NodeJS.Signals) => Promise<unknown> {
  const env = { ...process.env, REDIS_PORT: String(redis.port), API_URL: apiUrl, LOCK_MS: "2000" };
  const path = new URL("worker.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [path], { env, stdio: "ignore" });
  const exited = new Promise(resolve => child.once("exit", resolve));
  return signal => {
    child.kill(signal);
    return exited;
  };
}

test("Redis and worker killed in the middle: every job has its answer, and none is left", async () => {
  await using api = await originServer({
    routes: {
      answer: ({ request, response }) => {
        const order = new URL(request.url ?? "", "http://a.test").searchParams.get("order");
        setTimeout(() => response.end(JSON.stringify({ order })), 30);
      },
    },
  });
  const ids = Array.from({ length: COUNT }, (_, index) => `order-${index}`);
  await orders.addBulk(ids.map(jobId => ({ name: "order", data: {}, opts: { jobId } })));

  const killFirst = startWorker(api.url);
  await expect.poll(() => api.requestCount, { timeout: 30_000 }).toBeGreaterThan(40);
  await killFirst("SIGKILL");
  const stopSecond = startWorker(api.url);
  const before = api.requestCount;
  await expect.poll(() => api.requestCount, { timeout: 30_000 }).toBeGreaterThan(before + 40);
  await redis.kill();
  expect(api.requestCount, "in the middle").toBeLessThan(COUNT);
  await redis.start();

  const unfinished = () => orders.getJobCountByTypes("waiting", "active", "delayed", "failed");
  await expect.poll(unfinished, { timeout: 60_000, interval: 200 }).toBe(0);
  await stopSecond("SIGTERM");
  expect(await orders.getJobCountByTypes("completed")).toBe(COUNT);
  const events = await answered.getJobs(["waiting"]);
  expect(events.map(({ id }) => id).sort()).toEqual(ids.toSorted());
  for (const { id, data } of events) expect(data).toEqual({ order: id });
}, 120_000);
