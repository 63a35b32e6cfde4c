import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, originServer, test } from "@skein/testkit";
import { Client } from "../src/entry/node.ts";

/** `client.limit`: how many requests are under way at one origin, while they are. */

/** Counts those that it has not answered; each takes 20 ms. */
async function countingServer(kind: "http/1.1" | "h2") {
  const count = { now: 0, most: 0, answered: 0 };
  const answer = (_: unknown, response: { end(text: string): unknown }) => {
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    setTimeout(() => {
      count.now -= 1;
      count.answered += 1;
      response.end("ok");
    }, 20);
  };
  const server = kind === "h2" ? http2.createServer(answer) : http.createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new Client({
    http1: kind !== "h2",
    http2: kind === "h2",
    limits: { maxConnectionsPerOrigin: 50, maxInFlightPerOrigin: 50 },
  });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { count, client, url: `http://127.0.0.1:${port}/` };
}

describe.each(["http/1.1", "h2"] as const)("%s", kind => {
  test("fewer from now on, and more again; what is under way goes on", async () => {
    const { count, client, url } = await countingServer(kind);
    const ask = (calls: number) => Promise.all(Array.from({ length: calls }, () => client.get(url).text()));
    await ask(100);
    expect(count.most).toBe(50);

    // In the middle of it.
    const asked = ask(200);
    await expect.poll(() => count.now, { interval: 1 }).toBe(50);
    client.limit({ maxInFlightPerOrigin: 5 });
    const before = count.answered;
    await expect.poll(() => count.answered - before, { interval: 1 }).toBeGreaterThanOrEqual(50);
    count.most = 0;
    await expect.poll(() => count.answered - before, { interval: 1 }).toBeGreaterThanOrEqual(100);
    expect(count.most).toBe(5);
    client.limit({ maxInFlightPerOrigin: 40 });
    expect(await asked).toEqual(Array(200).fill("ok"));
    expect(count.most).toBe(40);

    // While nothing is under way: connections that idle are not too many.
    client.limit({ maxInFlightPerOrigin: 3 });
    count.most = 0;
    await ask(20);
    expect(count.most).toBe(3);
  });
});

test("connections beyond it are closed", async () => {
  await using origin = await originServer();
  const client = new Client();
  await Promise.all(Array.from({ length: 20 }, () => client.get(`${origin.url}/delay/20`).text()));
  expect(origin.openConnections).toBe(20);
  client.limit({ maxInFlightPerOrigin: 2 });
  await expect.poll(() => origin.openConnections).toBe(2);
  await client.close();
});

test("what makes no sense is refused by name", () => {
  const client = new Client({ limits: { maxInFlightPerOrigin: 10 } });
  const limit = (changes: unknown) => () => client.limit(changes as { maxInFlightPerOrigin: number });
  expect(limit({ maxInFlightPerOrigin: 11 })).toThrow("11 is more than the client was made for, 10");
  expect(limit({ maxInFlightPerOrigin: 0 })).toThrow(/expected a whole number of at least 1/);
  expect(limit({ maxInFlightPerOrigins: 1 })).toThrow(/did you mean "maxInFlightPerOrigin"/);
  const transport = { send: () => Promise.reject(new Error("none")), close: async () => undefined };
  const other = new Client({ transport });
  expect(() => other.limit({ maxInFlightPerOrigin: 1 })).toThrow(/has a transport of its own/);
});
