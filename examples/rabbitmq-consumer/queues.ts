import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from "amqplib";

export const ORDERS = "orders";
export const EVENTS = "orders.answered";
export const DEAD = "orders.dead";

export interface Broker extends AsyncDisposable {
  readonly channel: ConfirmChannel;
  /** The orders, as they are delivered; they end with the connection. */
  orders(): AsyncIterable<ConsumeMessage>;
  /** Resolves once the broker has the event on disk. */
  publish(queue: string, messageId: string, content: unknown): Promise<void>;
}

/** Connects, and declares what the example uses; at most `prefetch` orders are delivered and not acknowledged. */
export async function openBroker(url: string, prefetch: number): Promise<Broker> {
  const connection = await connect(url);
  connection.on("error", error => console.error(`broker: ${error.message}`));
  const channel = await connection.createConfirmChannel();
  channel.on("error", error => console.error(`channel: ${error.message}`));
  const closed = new AbortController();
  for (const emitter of [connection, channel]) emitter.once("close", () => closed.abort());
  await channel.assertQueue(DEAD, { durable: true });
  await channel.assertQueue(EVENTS, { durable: true });
  await channel.assertQueue(ORDERS, {
    durable: true,
    deadLetterExchange: "",
    deadLetterRoutingKey: DEAD,
  });
  await channel.prefetch(prefetch);
  return {
    channel,
    orders: () => deliveries(channel, closed.signal),
    publish: (queue, messageId, content) =>
      publish({ channel, closed: closed.signal }, queue, { messageId, content }),
    [Symbol.asyncDispose]: () => close(connection, closed.signal),
  };
}

async function* deliveries(channel: ConfirmChannel, closed: AbortSignal): AsyncGenerator<ConsumeMessage> {
  const arrived: ConsumeMessage[] = [];
  let wake = () => {};
  let ended = false;
  const end = () => {
    ended = true;
    wake();
  };
  closed.addEventListener("abort", end, { once: true });
  await channel.consume(ORDERS, message => {
    if (message === null) return end();
    arrived.push(message);
    wake();
  });
  while (true) {
    const next = arrived.shift();
    if (next !== undefined) yield next;
    else if (ended) return;
    else {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  }
}

function publish(
  { channel, closed }: { channel: ConfirmChannel; closed: AbortSignal },
  queue: string,
  { messageId, content }: { messageId: string; content: unknown },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error("the connection to the broker was lost"));
    closed.addEventListener("abort", lost, { once: true });
    const body = Buffer.from(JSON.stringify(content));
    channel.sendToQueue(queue, body, { persistent: true, messageId }, error => {
      closed.removeEventListener("abort", lost);
      if (error) reject(error);
      else resolve();
    });
  });
}

async function close(connection: ChannelModel, closed: AbortSignal): Promise<void> {
  if (!closed.aborted) await connection.close();
}
