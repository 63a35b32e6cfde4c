import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, originServer, test } from "@skein/testkit";
import { Client } from "../src/entry/node.ts";

const broken = new Error("the disk is full");
const logger = {
  info: () => {
    throw broken;
  },
};

test("a logger that throws fails a buffered call; a streamed one, which is over by then, it does not disturb", async () => {
  await using origin = await originServer();
  await using client = new Client({ logger });
  await expect(client.get(`${origin.url}/ok`)).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    cause: broken,
  });
  const told: unknown[] = [];
  const listen = (message: unknown) =>
    void told.push((message as { error?: { cause?: unknown } }).error?.cause);
  const uncaught: unknown[] = [];
  const catchAll = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtException", catchAll);
  subscribe("skein:request:error", listen);
  try {
    await using stream = await client.stream(`${origin.url}/bytes/100000`);
    let bytes = 0;
    for await (const chunk of stream.chunks()) bytes += chunk.length;
    await new Promise(resolve => setImmediate(resolve));
    expect([bytes, told, uncaught]).toEqual([100_000, [broken], []]);
    const fetched = await client.fetch(`${origin.url}/ok`);
    expect(await fetched.text()).toBe("ok");
  } finally {
    unsubscribe("skein:request:error", listen);
    process.off("uncaughtException", catchAll);
  }
});
