import { describe, expect, test } from "@skein/testkit";
import { Client } from "../../src/entry/node.ts";
import { collectGarbage, LIMIT_MS, nothingEscapes, outcomeOf, pause } from "./harness.ts";
import { plannedServer } from "./planned-server.ts";

const MIB = 1024 * 1024;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Bytes that are held beyond those of the first call. */
function memory(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

/** How long it takes, in milliseconds; the best of three, for the machine has other work. */
async function timeOf(run: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    await run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

describe("a body in chunks of one byte", () => {
  /** A server that answers with so many, at a URL that is short: the answer is made where it is sent. */
  async function serverOf(count: number) {
    const server = await plannedServer();
    return { server, url: server.repeated(CHUNKED, "1\r\nx\r\n", count, "0\r\n\r\n") };
  }

  const readers: Readonly<Record<string, (client: Client, url: string, length: number) => Promise<void>>> = {
    "read into memory": async (client, url, length) => {
      expect((await client.get(url)).bytes().length).toBe(length);
    },
    streamed: async (client, url, length) => {
      let read = 0;
      for await (const chunk of (await client.stream(url)).chunks()) read += chunk.length;
      expect(read).toBe(length);
    },
    "streamed to a reader that is slow": async (client, url, length) => {
      const stream = await client.stream(url);
      await pause(50);
      let read = 0;
      for await (const chunk of stream.chunks()) read += chunk.length;
      expect(read).toBe(length);
    },
    "read as lines": async (client, url, length) => {
      for await (const line of (await client.stream(url)).lines()) expect(line).toHaveLength(length);
    },
  };

  test.each(Object.keys(readers))(
    "%s: 200,000 of them take no more than twice as long as 100,000",
    { timeout: LIMIT_MS },
    async how => {
      nothingEscapes();
      const client = new Client({ retry: false, timeout: "30s" });
      const read = readers[how]!;
      const times: number[] = [];
      for (const length of [20_000, 100_000, 200_000]) {
        const { server, url } = await serverOf(length);
        times.push(await timeOf(() => read(client, url, length)));
        await server[Symbol.asyncDispose]();
      }
      const [, half, whole] = times as [number, number, number];
      // Quadratic would be four times; a bound of 3, and something for the machine.
      expect(whole, JSON.stringify(times)).toBeLessThan(3 * half + 100);
      client.destroy();
    },
  );

  test("that wait for their reader take no more memory than their bytes, and some", async () => {
    nothingEscapes();
    const { server, url } = await serverOf(200_000);
    const client = new Client({ retry: false });
    await client.get(url);
    const before = memory();
    const streams = await Promise.all(Array.from({ length: 20 }, () => client.stream(url)));
    await pause(400);
    // At most 128 KiB and what one read brought are kept for each.
    expect(memory() - before).toBeLessThan(20 * 0.6 * MIB);
    for (const stream of streams) stream.close();
    client.destroy();
    await server[Symbol.asyncDispose]();
  });
});

test("what a server announces costs nothing until it comes", async () => {
  nothingEscapes();
  await using server = await plannedServer();
  const client = new Client({ retry: false, timeout: "10s" });
  await client.get(server.url);
  const before = memory();
  const url = server.planned(`HTTP/1.1 200 OK\r\nContent-Length: ${250 * MIB}\r\n\r\nand no more`);
  const calls = Array.from({ length: 60 }, () => client.get(url));
  await pause(300);
  expect(memory() - before).toBeLessThan(80 * MIB);
  for (const call of calls) call.cancel();
  for (const outcome of await Promise.all(calls.map(outcomeOf)))
    expect(outcome).toMatchObject({ code: "ABORTED" });
  client.destroy();
});

test("a body that is as long as announced comes in one piece, whatever its length", async () => {
  nothingEscapes();
  await using server = await plannedServer();
  const client = new Client({ retry: false, timeout: "20s" });
  for (const length of [1, 65_536, MIB - 1, MIB, MIB + 1, 3 * MIB + 7, 10 * MIB]) {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
    const bytes = (await client.get(server.repeated(head, "x", length, ""))).bytes();
    expect(bytes.length).toBe(length);
    expect(bytes.every(byte => byte === 0x78)).toBe(true);
  }
  client.destroy();
});

const FLOODS: Readonly<Record<string, [start: string, repeated: string, code: string]>> = {
  "100,000 cookies": ["HTTP/1.1 200 OK\r\n", "Set-Cookie: a=b\r\n", "RESPONSE_TOO_LARGE"],
  "100,000 fields": ["HTTP/1.1 200 OK\r\n", "x: y\r\n", "RESPONSE_TOO_LARGE"],
  "an endless field": ["HTTP/1.1 200 OK\r\nx: ", "yyyyyyyy", "RESPONSE_TOO_LARGE"],
  "an endless field name": ["HTTP/1.1 200 OK\r\n", "xxxxxxxx", "RESPONSE_TOO_LARGE"],
  "an endless reason": ["HTTP/1.1 200 ", "yyyyyyyy", "RESPONSE_TOO_LARGE"],
  "endless interim answers": ["", "HTTP/1.1 100 Continue\r\n\r\n", "RESPONSE_TOO_LARGE"],
  "endless trailers": [`${CHUNKED}0\r\n`, "x: y\r\n", "RESPONSE_TOO_LARGE"],
  "an endless chunk extension": [`${CHUNKED}1;`, "xxxxxxxx", "INVALID_RESPONSE"],
  "an endless chunk size": [CHUNKED, "00000000", "INVALID_RESPONSE"],
  "blank lines": ["", "\r\n", "INVALID_RESPONSE"],
  zeros: ["", "\0\0\0\0", "INVALID_RESPONSE"],
};

test.each(Object.keys(FLOODS))("%s: an error, and no memory", async name => {
  nothingEscapes();
  const [start, repeated, code] = FLOODS[name]!;
  await using server = await plannedServer();
  const client = new Client({ retry: false, timeout: "10s" });
  await client.get(server.url);
  const before = memory();
  const calls = Array.from({ length: 10 }, () => client.get(server.repeated(start, repeated, 100_000, "")));
  for (const outcome of await Promise.all(calls.map(outcomeOf))) expect(outcome).toMatchObject({ code });
  expect(memory() - before).toBeLessThan(16 * MIB);
  client.destroy();
});
