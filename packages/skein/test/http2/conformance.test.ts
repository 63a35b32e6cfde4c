import type { TLSSocket } from "node:tls";
import {
  block,
  describe,
  expect,
  frame,
  onTestFinished,
  test,
  testCertificates,
  uint32,
} from "@skein/testkit";
import { Client, type SkeinError } from "../../src/entry/node.ts";
import { frameServer } from "./frame-server.ts";

/**
 * What a server may get wrong, and what RFC 9113 says that it ends: the stream (RST_STREAM, and the connection lives), or
 * the connection (GOAWAY, then it is closed). In the manner of h2spec's client mode.
 */

const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const HAS_PRIORITY = 0x20;

const CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
];

type Sends = (id: number) => Buffer | Buffer[];

const OK: readonly [string, string][] = [[":status", "200"]];

function headers(id: number, fields = OK, flags = END_HEADERS): Buffer {
  return frame("HEADERS", id, { flags, payload: block(fields) });
}

const whole = (id: number) => [headers(id), frame("DATA", id, { flags: END_STREAM, payload: "ok" })];
const setting = (id: number, value: number) =>
  frame("SETTINGS", 0, { payload: Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)]) });

interface Case {
  readonly sends: Sends;
  /** The code that we answer with, and what it ends; none: it is harmless, and the answer is right. */
  readonly stream?: string;
  readonly connection?: string;
  /** The error of the call. Default: INVALID_RESPONSE. */
  readonly code?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  // §4.1, §4.2: frames
  "an unknown type of frame is passed over": {
    sends: id => [frame(0xee, id, { payload: "?" }), ...whole(id)],
  },
  "unknown flags are passed over": {
    sends: id => [frame("PING", 0, { flags: 0xfe, payload: uint32(1, 2) }), ...whole(id)],
  },
  "the reserved bit is passed over": {
    sends: id => [headers((id | 0x80000000) >>> 0), frame("DATA", id, { flags: END_STREAM, payload: "ok" })],
  },
  "a frame that is larger than our maximum": {
    sends: id => [headers(id), frame("DATA", id, { payload: Buffer.alloc(16_385) })],
    connection: "FRAME_SIZE_ERROR",
  },
  // §6.1: DATA
  "DATA on stream 0": { sends: () => frame("DATA", 0, { payload: "x" }), connection: "PROTOCOL_ERROR" },
  "DATA for a stream that was never opened": {
    sends: id => frame("DATA", id + 2, { payload: "x" }),
    connection: "PROTOCOL_ERROR",
  },
  "DATA before the head": { sends: id => frame("DATA", id, { payload: "x" }), stream: "PROTOCOL_ERROR" },
  "DATA with padding is taken without it": {
    sends: id => [
      headers(id),
      frame("DATA", id, { flags: PADDED | END_STREAM, payload: [2, 0x6f, 0x6b, 0, 0] }),
    ],
  },
  "DATA with more padding than payload": {
    sends: id => [headers(id), frame("DATA", id, { flags: PADDED, payload: [5, 0x6f, 0x6b] })],
    connection: "PROTOCOL_ERROR",
  },
  "DATA with the length of its padding missing": {
    sends: id => [headers(id), frame("DATA", id, { flags: PADDED })],
    connection: "FRAME_SIZE_ERROR",
  },
  "DATA behind the end of the stream": {
    sends: id => [...whole(id), frame("DATA", id, { payload: "more" }), ...whole(id)],
    connection: "STREAM_CLOSED",
    code: "none",
  },
  "an end behind the end is harmless (nginx 1.22 does that)": {
    sends: id => [...whole(id), frame("DATA", id, { flags: END_STREAM })],
  },
  "empty DATA is harmless": {
    sends: id => [headers(id), frame("DATA", id), frame("DATA", id, { flags: END_STREAM, payload: "ok" })],
  },
  // §6.2: HEADERS
  "HEADERS on stream 0": { sends: () => headers(0), connection: "PROTOCOL_ERROR" },
  "HEADERS on an even stream": { sends: () => headers(2), connection: "PROTOCOL_ERROR" },
  "HEADERS with padding and priority": {
    sends: id => [
      frame("HEADERS", id, {
        flags: END_HEADERS | PADDED | HAS_PRIORITY,
        payload: Buffer.concat([Buffer.from([1]), uint32(0), Buffer.from([15]), block(OK), Buffer.from([0])]),
      }),
      frame("DATA", id, { flags: END_STREAM, payload: "ok" }),
    ],
  },
  "HEADERS with more padding than payload": {
    sends: id => frame("HEADERS", id, { flags: END_HEADERS | PADDED, payload: [200, 1] }),
    connection: "PROTOCOL_ERROR",
  },
  "a header block that is no HPACK": {
    sends: id => frame("HEADERS", id, { flags: END_HEADERS, payload: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] }),
    connection: "COMPRESSION_ERROR",
  },
  "an index beyond the table": {
    sends: id => frame("HEADERS", id, { flags: END_HEADERS, payload: [0xfe] }),
    connection: "COMPRESSION_ERROR",
  },
  // §6.3: PRIORITY
  "PRIORITY is passed over": {
    sends: id => [frame("PRIORITY", id, { payload: [0, 0, 0, 0, 1] }), ...whole(id)],
  },
  "PRIORITY on stream 0": {
    sends: () => frame("PRIORITY", 0, { payload: [0, 0, 0, 0, 1] }),
    connection: "PROTOCOL_ERROR",
  },
  "PRIORITY of another length": {
    sends: id => frame("PRIORITY", id, { payload: [0] }),
    stream: "FRAME_SIZE_ERROR",
  },
  // §6.4: RST_STREAM
  "RST_STREAM on stream 0": {
    sends: () => frame("RST_STREAM", 0, { payload: uint32(8) }),
    connection: "PROTOCOL_ERROR",
  },
  "RST_STREAM of another length": {
    sends: id => frame("RST_STREAM", id, { payload: [1] }),
    connection: "FRAME_SIZE_ERROR",
  },
  "RST_STREAM for a stream that was never opened": {
    sends: id => frame("RST_STREAM", id + 2, { payload: uint32(8) }),
    connection: "PROTOCOL_ERROR",
  },
  "RST_STREAM behind the end is late, and harmless": {
    sends: id => [...whole(id), frame("RST_STREAM", id, { payload: uint32(0) })],
  },
  // §6.5: SETTINGS
  "SETTINGS on a stream": { sends: id => frame("SETTINGS", id), connection: "PROTOCOL_ERROR" },
  "SETTINGS of another length": {
    sends: () => frame("SETTINGS", 0, { payload: [0, 1] }),
    connection: "FRAME_SIZE_ERROR",
  },
  "an acknowledgement with something in it": {
    sends: () => frame("SETTINGS", 0, { flags: 1, payload: [0, 1, 0, 0, 0, 0] }),
    connection: "FRAME_SIZE_ERROR",
  },
  "an unknown setting is passed over": { sends: id => [setting(0xfff0, 1), ...whole(id)] },
  "ENABLE_PUSH of 1 from a server": { sends: () => setting(0x2, 1), connection: "PROTOCOL_ERROR" },
  "INITIAL_WINDOW_SIZE above 2^31-1": {
    sends: () => setting(0x4, 2 ** 31),
    connection: "FLOW_CONTROL_ERROR",
  },
  "MAX_FRAME_SIZE below 16,384": { sends: () => setting(0x5, 16_383), connection: "PROTOCOL_ERROR" },
  "MAX_FRAME_SIZE of 0": { sends: () => setting(0x5, 0), connection: "PROTOCOL_ERROR" },
  "MAX_FRAME_SIZE above 2^24-1": { sends: () => setting(0x5, 2 ** 24), connection: "PROTOCOL_ERROR" },
  "HEADER_TABLE_SIZE of 0 is harmless": { sends: id => [setting(0x1, 0), ...whole(id)] },
  // §6.6: PUSH_PROMISE
  "a push, which we have turned off": {
    sends: id =>
      frame("PUSH_PROMISE", id, { flags: END_HEADERS, payload: Buffer.concat([uint32(2), block(OK)]) }),
    connection: "PROTOCOL_ERROR",
  },
  // §6.7: PING
  "PING on a stream": {
    sends: id => frame("PING", id, { payload: uint32(1, 2) }),
    connection: "PROTOCOL_ERROR",
  },
  "PING of another length": {
    sends: () => frame("PING", 0, { payload: uint32(1) }),
    connection: "FRAME_SIZE_ERROR",
  },
  "an acknowledgement of a PING that nobody sent": {
    sends: id => [frame("PING", 0, { flags: 1, payload: uint32(1, 2) }), ...whole(id)],
  },
  // §6.8: GOAWAY
  "GOAWAY on a stream": {
    sends: id => frame("GOAWAY", id, { payload: uint32(0, 0) }),
    connection: "PROTOCOL_ERROR",
  },
  "GOAWAY of too few bytes": {
    sends: () => frame("GOAWAY", 0, { payload: uint32(0) }),
    connection: "FRAME_SIZE_ERROR",
  },
  // §6.9: WINDOW_UPDATE
  "WINDOW_UPDATE of 0 for the connection": {
    sends: () => frame("WINDOW_UPDATE", 0, { payload: uint32(0) }),
    connection: "PROTOCOL_ERROR",
  },
  "WINDOW_UPDATE of 0 for a stream": {
    sends: id => frame("WINDOW_UPDATE", id, { payload: uint32(0) }),
    stream: "PROTOCOL_ERROR",
  },
  "WINDOW_UPDATE of another length": {
    sends: () => frame("WINDOW_UPDATE", 0, { payload: [1] }),
    connection: "FRAME_SIZE_ERROR",
  },
  "the connection's window beyond 2^31-1": {
    sends: () => [frame("WINDOW_UPDATE", 0, { payload: uint32(2 ** 31 - 1) })],
    connection: "FLOW_CONTROL_ERROR",
  },
  "a stream's window beyond 2^31-1": {
    sends: id => frame("WINDOW_UPDATE", id, { payload: uint32(2 ** 31 - 1) }),
    stream: "FLOW_CONTROL_ERROR",
  },
  "WINDOW_UPDATE for a stream that was never opened": {
    sends: id => frame("WINDOW_UPDATE", id + 2, { payload: uint32(1) }),
    connection: "PROTOCOL_ERROR",
  },
  // §6.10: CONTINUATION
  "a head in three frames": {
    sends: id => {
      const bytes = block([...OK, ["a", "b"]]);
      return [
        frame("HEADERS", id, { payload: bytes.subarray(0, 3) }),
        frame("CONTINUATION", id, { payload: bytes.subarray(3, 6) }),
        frame("CONTINUATION", id, { flags: END_HEADERS, payload: bytes.subarray(6) }),
        frame("DATA", id, { flags: END_STREAM, payload: "ok" }),
      ];
    },
  },
  "another frame in the middle of a head": {
    sends: id => [frame("HEADERS", id, { payload: block(OK) }), frame("PING", 0, { payload: uint32(1, 2) })],
    connection: "PROTOCOL_ERROR",
  },
  "CONTINUATION of another stream": {
    sends: id => [
      frame("HEADERS", id, { payload: block(OK) }),
      frame("CONTINUATION", id + 2, { flags: END_HEADERS }),
    ],
    connection: "PROTOCOL_ERROR",
  },
  "CONTINUATION without HEADERS": {
    sends: id => frame("CONTINUATION", id, { flags: END_HEADERS }),
    connection: "PROTOCOL_ERROR",
  },
  "CONTINUATION behind a head that has ended": {
    sends: id => [headers(id), frame("CONTINUATION", id, { flags: END_HEADERS })],
    connection: "PROTOCOL_ERROR",
  },
  // §8.1–§8.3: answers
  "no :status": { sends: id => headers(id, [["a", "b"]]), stream: "PROTOCOL_ERROR" },
  ":status twice": { sends: id => headers(id, [...OK, ...OK]), stream: "PROTOCOL_ERROR" },
  ":status behind a field": { sends: id => headers(id, [["a", "b"], ...OK]), stream: "PROTOCOL_ERROR" },
  "a :status that is no number": { sends: id => headers(id, [[":status", "2e2"]]), stream: "PROTOCOL_ERROR" },
  "a pseudo-header field of a request": {
    sends: id => headers(id, [...OK, [":path", "/"]]),
    stream: "PROTOCOL_ERROR",
  },
  "a name with a capital": { sends: id => headers(id, [...OK, ["Server", "x"]]), stream: "PROTOCOL_ERROR" },
  "a value with a line break": {
    sends: id => headers(id, [...OK, ["a", "b\r\nc: d"]]),
    stream: "PROTOCOL_ERROR",
  },
  "a value with NUL": { sends: id => headers(id, [...OK, ["a", "b\0"]]), stream: "PROTOCOL_ERROR" },
  "a connection field": {
    sends: id => headers(id, [...OK, ["connection", "close"]]),
    stream: "PROTOCOL_ERROR",
  },
  "a transfer-encoding field": {
    sends: id => headers(id, [...OK, ["transfer-encoding", "chunked"]]),
    stream: "PROTOCOL_ERROR",
  },
  "101, which HTTP/2 does not have": {
    sends: id => headers(id, [[":status", "101"]]),
    stream: "PROTOCOL_ERROR",
  },
  "an interim answer that ends the stream": {
    sends: id => headers(id, [[":status", "103"]], END_HEADERS | END_STREAM),
    stream: "PROTOCOL_ERROR",
  },
  "an interim answer, then the final one": { sends: id => [headers(id, [[":status", "103"]]), ...whole(id)] },
  "a second head in the place of trailers": {
    sends: id => [headers(id), headers(id, OK, END_HEADERS | END_STREAM)],
    stream: "PROTOCOL_ERROR",
  },
  "trailers that do not end the stream": {
    sends: id => [headers(id), headers(id, [["a", "b"]])],
    stream: "PROTOCOL_ERROR",
  },
  trailers: {
    sends: id => [
      headers(id),
      frame("DATA", id, { payload: "ok" }),
      headers(id, [["a", "b"]], END_HEADERS | END_STREAM),
    ],
  },
  "more data than content-length": {
    sends: id => [
      headers(id, [...OK, ["content-length", "1"]]),
      frame("DATA", id, { flags: END_STREAM, payload: "ok" }),
    ],
    stream: "PROTOCOL_ERROR",
  },
  "less data than content-length": {
    sends: id => [
      headers(id, [...OK, ["content-length", "3"]]),
      frame("DATA", id, { flags: END_STREAM, payload: "ok" }),
    ],
    stream: "PROTOCOL_ERROR",
    code: "BODY_CUT",
  },
  "two content-lengths": {
    sends: id => headers(id, [...OK, ["content-length", "2"], ["content-length", "2"]]),
    stream: "PROTOCOL_ERROR",
  },
  "too many interim answers": {
    sends: id => Array.from({ length: 21 }, () => headers(id, [[":status", "103"]])),
    stream: "ENHANCE_YOUR_CALM",
    code: "RESPONSE_TOO_LARGE",
  },
  "a head of more than 64 KiB": {
    sends: id => {
      const bytes = block([...OK, ["a", "b".repeat(70_000)]]);
      const pieces = [frame("HEADERS", id, { payload: bytes.subarray(0, 16_384) })];
      for (let at = 16_384; at < bytes.length; at += 16_384)
        pieces.push(
          frame("CONTINUATION", id, {
            flags: at + 16_384 >= bytes.length ? END_HEADERS : 0,
            payload: bytes.subarray(at, at + 16_384),
          }),
        );
      return pieces;
    },
    stream: "ENHANCE_YOUR_CALM",
    code: "RESPONSE_TOO_LARGE",
  },
};

function clientOf(): Client {
  const client = new Client({ http2: true, tls: { ca: testCertificates().ca }, retry: false, timeout: "5s" });
  onTestFinished(() => client.destroy());
  return client;
}

function send(socket: TLSSocket, bytes: Buffer | Buffer[]): void {
  socket.write(Array.isArray(bytes) ? Buffer.concat(bytes) : bytes);
}

describe.each(Object.keys(CASES))("%s", name => {
  const { sends, stream, connection, code = "INVALID_RESPONSE" } = CASES[name]!;

  test.each(["in one piece", "byte by byte"])("%s", async how => {
    await using server = await frameServer((socket, id, request) => {
      if (request > 1) return send(socket, whole(id));
      const bytes = Buffer.concat([sends(id)].flat());
      if (how === "in one piece" || bytes.length > 20_000) socket.write(bytes);
      else for (const byte of bytes) socket.write(Buffer.from([byte]));
    });
    const client = clientOf();
    const outcome = await client
      .get(server.url)
      .text()
      .catch((error: SkeinError) => error.code);
    const isFine = (stream === undefined && connection === undefined) || code === "none";
    expect(outcome).toBe(isFine ? "ok" : code);
    expect(await client.get(server.url).text()).toBe("ok");
    const ended = connection ?? stream;
    if (connection !== undefined) {
      await expect.poll(() => server.codes("GOAWAY").map(value => CODES[value])).toContain(ended);
      await expect.poll(() => server.connections).toBe(2);
    } else {
      expect(server.connections).toBe(1);
      const resets = server.codes("RST_STREAM").map(value => CODES[value]);
      expect(resets).toEqual(stream === undefined ? [] : [ended]);
    }
  });
});

test("what a server sends before its SETTINGS is an error of the connection", async () => {
  await using server = await frameServer(
    (socket, id) => send(socket, whole(id)),
    frame("PING", 0, { payload: uint32(1, 2) }),
  );
  await expect(clientOf().get(server.url)).rejects.toMatchObject({ code: "INVALID_RESPONSE" });
});

describe("floods", () => {
  test.each<[string, () => Buffer]>([
    ["PING", () => frame("PING", 0, { payload: uint32(1, 2) })],
    ["SETTINGS", () => frame("SETTINGS", 0)],
    ["empty DATA", () => frame("DATA", 1)],
    ["RST_STREAM for one that has ended", () => frame("RST_STREAM", 1, { payload: uint32(8) })],
    ["unknown frames", () => frame(0xee, 0)],
    ["PRIORITY", () => frame("PRIORITY", 1, { payload: [0, 0, 0, 0, 1] })],
  ])("100,000 of %s end the connection, and take no memory", async (name, make) => {
    await using server = await frameServer((socket, id, request) => {
      if (request > 1) return send(socket, whole(id));
      send(socket, name === "empty DATA" ? headers(id) : whole(id));
      const flood = Buffer.concat(Array(1_000).fill(make()));
      for (let i = 0; i < 100; i++) socket.write(flood);
    });
    const client = clientOf();
    const before = process.memoryUsage().rss;
    await client.get(server.url).catch(() => undefined);
    await expect.poll(() => server.codes("GOAWAY").map(value => CODES[value])).toContain("ENHANCE_YOUR_CALM");
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("a server that answers and never reads is given up", async () => {
    await using server = await frameServer((socket, id) => {
      socket.pause();
      send(socket, headers(id));
    });
    const client = clientOf();
    const body = new Uint8Array(30_000_000);
    const call = client.post(server.url, { content: body, timeout: { write: "300ms" } });
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/TIMEOUT|ABORTED|BODY_CUT/) });
  });
});
