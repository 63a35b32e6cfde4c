import { type ChildProcess, spawn } from "node:child_process";
import {
  afterAll,
  beforeAll,
  expect,
  originServer,
  type RabbitMqServer,
  rabbitMqServer,
  test,
} from "@skein/testkit";
import { DEAD, EVENTS, ORDERS, openBroker } from "./queues.ts";

/** The example on Debian's RabbitMQ, which is killed and started again, as the worker is. */

const COUNT = 300;
let broker: RabbitMqServer;
beforeAll(async () => {
  broker = await rabbitMqServer();
}, 120_000);
afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
});

function startWorker(apiUrl: string): {
  child: ChildProcess;
  stop(signal: NodeJS.Signals): Promise<unknown>;
} {
  const env = { ...process.env, AMQP_URL: broker.url, API_URL: apiUrl };
  const child = spawn(process.execPath, [new URL("worker.ts", import.meta.url).pathname], {
    env,
    stdio: "ignore",
  });
  const exited = new Promise(resolve => child.once("exit", resolve));
  const stop = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  return { child, stop };
}

test("broker and worker killed in the middle: every order has its event, and none is left", async () => {
  await using api = await originServer({
    routes: {
      answer: ({ request, response }) => {
        const order = new URL(request.url ?? "", "http://a.test").searchParams.get("order");
        setTimeout(() => response.end(JSON.stringify({ order, answer: Number(order) * 2 })), 30);
      },
    },
  });
  const orders = Array.from({ length: COUNT }, (_, index) => String(index));
  {
    await using setup = await openBroker(broker.url, 1);
    await Promise.all(orders.map(id => setup.publish(ORDERS, id, {})));
  }
  const first = startWorker(api.url);
  await expect.poll(() => api.requestCount, { timeout: 30_000 }).toBeGreaterThan(40);
  await first.stop("SIGKILL");
  const worker = startWorker(api.url);
  const before = api.requestCount;
  await expect.poll(() => api.requestCount, { timeout: 30_000 }).toBeGreaterThan(before + 40);
  await broker.kill();
  expect(api.requestCount, "in the middle").toBeLessThan(COUNT);
  await broker.start();
  // What is delivered and not acknowledged counts too.
  const left = async () => (await broker.messageCounts())[ORDERS];
  await expect.poll(left, { timeout: 60_000, interval: 200 }).toBe(0);
  expect(await worker.stop("SIGTERM"), "its exit code").toBe(0);
  expect(await broker.messageCounts()).toEqual({ [ORDERS]: 0, [DEAD]: 0, [EVENTS]: expect.any(Number) });
  const answered = await readEvents();
  expect([...answered.keys()].sort()).toEqual(orders.toSorted());
  for (const [order, event] of answered) expect(event).toEqual({ order, answer: Number(order) * 2 });
}, 180_000);

/** By their order; one that came twice is there once. */
async function readEvents(): Promise<Map<string, unknown>> {
  await using opened = await openBroker(broker.url, 1);
  const events = new Map<string, unknown>();
  for (;;) {
    const message = await opened.channel.get(EVENTS, { noAck: true });
    if (message === false) return events;
    events.set(String(message.properties.messageId), JSON.parse(message.content.toString()));
  }
}
