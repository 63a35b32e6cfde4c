import type { TLSSocket } from "node:tls";
import {
  block,
  describe,
  expect,
  frame,
  onTestFinished,
  TYPES,
  test,
  testCertificates,
  uint32,
} from "@skein/testkit";
import { BaseClient } from "../../src/client/client.ts";
import { PARTS_AT_HAND } from "../../src/client/parts-at-hand.ts";
import type { Clock } from "../../src/core/clock.ts";
import { Client, type ClientOptions, type SkeinError } from "../../src/entry/node.ts";
import { Pool } from "../../src/pool/pool.ts";
import { nodeClock } from "../../src/runtime/node/node-clock.ts";
import { nodePorts } from "../../src/runtime/node/node-ports.ts";
import { frameServer } from "./frame-server.ts";

const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const SETTINGS_TIMEOUT = 0x4;
const MAX_FRAME_SIZE = 0x5;
const MAX_HEADER_LIST_SIZE = 0x6;

const tls = { ca: testCertificates().ca };

function clientWith(options: ClientOptions = {}): Client {
  const client = new Client({ http2: true, tls, retry: false, timeout: "10s", ...options });
  onTestFinished(() => client.destroy());
  return client;
}

function head(id: number, flags = END_HEADERS): Buffer {
  return frame("HEADERS", id, { flags, payload: block([[":status", "200"]]) });
}

function answer(socket: TLSSocket, id: number): void {
  socket.write(Buffer.concat([head(id), frame("DATA", id, { flags: END_STREAM, payload: "ok" })]));
}

/** A setting and its value, as the server's first words. */
function greeting(id: number, value: number): Buffer {
  return frame("SETTINGS", 0, { payload: Buffer.concat([Buffer.from([0, id]), uint32(value)]) });
}

describe("a server that is silent", () => {
  const limits = { pingInterval: 100 };

  test("is asked whether it is there; one that is, has all the time of the call", async () => {
    await using server = await frameServer((socket, id) => void setTimeout(() => answer(socket, id), 700), {
      onPing: (socket, payload) => socket.write(frame("PING", 0, { flags: ACK, payload })),
    });
    const client = clientWith({ limits });
    expect(await client.get(server.url).text()).toBe("ok");
    const pings = server.frames.filter(({ type }) => type === TYPES.PING).length;
    expect(pings).toBeGreaterThanOrEqual(2);
    expect(pings).toBeLessThanOrEqual(7);
    expect(server.connections).toBe(1);
  });

  test("and does not answer, is left: what may be sent again is, the others are told why", async () => {
    await using server = await frameServer((socket, id, request) => {
      if (request !== 2 && request !== 3) answer(socket, id);
    });
    const client = clientWith({ limits });
    await client.get(server.url);
    const get = client.get(server.url).text();
    const post = client.post(server.url).catch((error: SkeinError) => error);
    expect(await get).toBe("ok");
    expect(await post).toMatchObject({
      name: "CloseError",
      code: "CONNECTION_CLOSED",
      requestSent: "full",
      message: expect.stringMatching(
        /the connection ended \(no byte for [\d.]+ m?s, not even in answer to a PING\) without an answer/,
      ),
    });
    expect(server.connections).toBe(2);
  });

  test("in the middle of a body: what came of it is no success", async () => {
    await using server = await frameServer((socket, id) => {
      socket.write(Buffer.concat([head(id), frame("DATA", id, { payload: "half" })]));
    });
    const client = clientWith({ limits, timeout: { read: "10s" } });
    await expect(client.get(server.url)).rejects.toMatchObject({
      code: "BODY_CUT",
      message: expect.stringContaining("not even in answer to a PING) in the middle of the body"),
    });
  });

  test("is not asked while it is being sent a body: a PING would wait behind it", async () => {
    await using server = await frameServer(
      (socket, id) =>
        void setTimeout(() => socket.write(frame("WINDOW_UPDATE", id, { payload: uint32(100_000) })), 600),
      { greeting: frame("SETTINGS", 0) },
    );
    const client = clientWith({ limits, timeout: { total: "5s" } });
    const call = client.post(server.url, { content: new Uint8Array(200_000) });
    const ended = call.catch((error: SkeinError) => error);
    const before = performance.now();
    await expect.poll(() => performance.now() - before, { interval: 50 }).toBeGreaterThan(500);
    expect(server.frames.filter(({ type }) => type === TYPES.PING)).toHaveLength(0);
    call.cancel("seen enough");
    await ended;
  });

  test("between calls is left in peace", async () => {
    await using server = await frameServer(answer);
    const client = clientWith({ limits });
    await client.get(server.url);
    const before = performance.now();
    await expect.poll(() => performance.now() - before, { interval: 50 }).toBeGreaterThan(400);
    expect(server.frames.filter(({ type }) => type === TYPES.PING)).toHaveLength(0);
  });
});

/** The clock of this machine, twenty times as fast. */
const hurried: Clock = {
  now: () => 20 * nodeClock.now(),
  wallNow: () => nodeClock.wallNow(),
  random: () => nodeClock.random(),
  setTimer: (run, delayMs) => nodeClock.setTimer(run, delayMs / 20),
};

test("a server that never acknowledges our SETTINGS: SETTINGS_TIMEOUT", async () => {
  await using server = await frameServer(() => {}, { acknowledges: false });
  const ports = { ...nodePorts(tls, { http2: true }), clock: hurried };
  const client = new BaseClient(
    { retry: false },
    {
      ports,
      parts: PARTS_AT_HAND,
      transport: ({ limits }) => new Pool({ ...limits, versions: { http1: true, http2: true } }, ports),
      userAgent: "test",
    },
  );
  onTestFinished(() => client.destroy());
  await expect(client.get(server.url)).rejects.toMatchObject({
    code: "CONNECTION_CLOSED",
    message: expect.stringContaining(
      "the connection ended (our SETTINGS were not acknowledged within 10 s) without an answer",
    ),
  });
  await expect.poll(() => server.codes("GOAWAY")).toEqual([SETTINGS_TIMEOUT]);
});

describe("what the server's SETTINGS allow", () => {
  test("SETTINGS_MAX_HEADER_LIST_SIZE: a larger head is refused before anything of it is sent", async () => {
    await using server = await frameServer(answer, { greeting: greeting(MAX_HEADER_LIST_SIZE, 600) });
    const client = clientWith({ headers: { "user-agent": "x", accept: null, "accept-encoding": null } });
    // The first call goes out before the server has said anything.
    await client.get(server.url);
    const size = (value: string) => client.get(server.url, { headers: { "x-large": value } });
    const count = (name: string, value: string) => name.length + value.length + 32;
    const authority = new URL(server.url).host;
    const others: [string, string][] = [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/"],
      [":authority", authority],
      ["user-agent", "x"],
      ["x-large", ""],
    ];
    const room = 600 - others.reduce((sum, [name, value]) => sum + count(name, value), 0);
    expect((await size("v".repeat(room))).status).toBe(200);
    const sent = server.frames.length;
    await expect(size("v".repeat(room + 1))).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      requestSent: "none",
      retryable: false,
      message: expect.stringContaining(
        "its head counts 601 bytes, and this server takes 600 (SETTINGS_MAX_HEADER_LIST_SIZE)",
      ),
    });
    expect(await client.get(server.url).text()).toBe("ok");
    expect(server.frames.slice(sent).filter(({ type }) => type === TYPES.HEADERS)).toHaveLength(1);
    expect(server.connections).toBe(1);
  });

  test("SETTINGS_MAX_FRAME_SIZE: frames of 64 KiB at most, so that one body does not keep all others waiting", async () => {
    const window = frame("WINDOW_UPDATE", 0, { payload: uint32(2 ** 31 - 1 - 65_535) });
    const settings = Buffer.concat([
      Buffer.from([0, MAX_FRAME_SIZE]),
      uint32(16_777_215),
      Buffer.from([0, 4]),
      uint32(2 ** 31 - 1),
    ]);
    await using server = await frameServer(
      (socket, id, request) => {
        if (request === 1) answer(socket, id);
        else setTimeout(() => answer(socket, id), 200);
      },
      { greeting: Buffer.concat([frame("SETTINGS", 0, { payload: settings }), window]) },
    );
    const client = clientWith();
    await client.get(server.url);
    await client.post(server.url, { content: new Uint8Array(1_000_000) });
    const lengths = server.frames
      .filter(({ type }) => type === TYPES.DATA)
      .map(({ payload }) => payload.length);
    expect(Math.max(...lengths)).toBe(65_536);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(1_000_000);
  });
});
