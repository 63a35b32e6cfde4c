import { setTimeout as sleep } from "node:timers/promises";
import { Client, consume } from "../../packages/skein/src/entry/node.ts";
import { EVENTS, openBroker } from "./queues.ts";

const CONCURRENCY = 10;
const { AMQP_URL = "amqp://127.0.0.1", API_URL = "http://127.0.0.1:8080" } = process.env;

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());

await using client = new Client({ baseUrl: API_URL, timeout: "10s" });
while (!stopping.signal.aborted) {
  try {
    await work(client);
  } catch (error) {
    // What was not acknowledged is delivered again, to the next connection.
    console.error(`again in half a second: ${(error as Error).message}`);
    await sleep(500);
  }
}

/** Until the connection to the broker is lost, or the worker is told to stop. */
async function work(client: Client): Promise<void> {
  await using broker = await openBroker(AMQP_URL, 2 * CONCURRENCY);
  await consume(
    broker.orders(),
    ({ properties }) => ({ url: "/answer", params: { order: String(properties.messageId) } }),
    {
      client,
      concurrency: CONCURRENCY,
      signal: stopping.signal,
      parse: response => response.json<object>(),
      handle: ({ input, value }) => broker.publish(EVENTS, String(input.properties.messageId), value),
      ack: message => broker.channel.ack(message),
      nack: async (message, { retryable, retryAfterMs }) => {
        // Back in the queue it is delivered at once: its wait is spent here.
        if (retryable && retryAfterMs !== undefined) await sleep(retryAfterMs);
        broker.channel.nack(message, false, retryable);
      },
    },
  );
}
