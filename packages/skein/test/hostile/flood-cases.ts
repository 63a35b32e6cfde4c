import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { block, frame, uint32 } from "../http2/frame-server.ts";
import type { FloodOptions } from "./flood-process.ts";
import type { Flood } from "./flood-server.ts";

const MIB = 2 ** 20;

/** A flood, as it comes over each version of HTTP that has it. */
export interface FloodCase {
  readonly name: string;
  readonly http1?: Flood | readonly Flood[];
  readonly http2?: Flood | readonly Flood[];
  /** How the call ends: code and phase; HTTP/2 may have its own. */
  readonly ends: string;
  readonly endsHttp2?: string;
  /** Whether the connection goes on without the stream, over HTTP/2. */
  readonly streamOnly?: boolean;
  readonly how?: "streamed" | "downloaded";
  /** The memory that it may take, in bytes. */
  readonly most?: number;
  /** How the next call to the same server ends. Default: well. */
  readonly again?: RegExp;
  readonly options?: FloodOptions;
}

const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const FRAME = 16_384;

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const bytes = (latin1: string) => Buffer.from(latin1, "latin1");
const text = (opening: string, again: string): Flood => ({ opening: bytes(opening), again: bytes(again) });

type Fields = readonly (readonly [string, string])[];
const headers = (fields: Fields, flags = END_HEADERS) =>
  frame("HEADERS", 1, { flags, payload: block(fields) });
const status = (code: number, fields: Fields = []) => headers([[":status", String(code)], ...fields]);
const frames = (opening: readonly Buffer[], again: Buffer): Flood => ({
  opening: Buffer.concat(opening),
  again,
});
const data = (payload: string | Buffer, flags = 0) => frame("DATA", 1, { flags, payload });
const zeros = data(Buffer.alloc(FRAME));

/** Limits that a flood reaches soon: it is their number that is tried, not their size. */
const SMALL: FloodOptions = { limits: { maxResponseBytes: 4 * MIB } };
const SHORT: FloodOptions = { timeout: 400 };

const TOO_LARGE_HEAD = "RESPONSE_TOO_LARGE headers";
const TOO_LARGE = "RESPONSE_TOO_LARGE body";
const INVALID = "INVALID_RESPONSE headers";

const HEADS: readonly FloodCase[] = [
  {
    name: "a field without an end",
    http1: text(`${OK}x: `, "yyyyyyyy"),
    http2: frames(
      [headers([[":status", "200"]], 0)],
      frame("CONTINUATION", 1, { payload: Buffer.alloc(FRAME, 0x10) }),
    ),
    ends: TOO_LARGE_HEAD,
    endsHttp2: INVALID,
  },
  {
    name: "fields without an end",
    http1: text(OK, "x: y\r\n"),
    http2: frames(
      [headers([[":status", "200"]], 0)],
      frame("CONTINUATION", 1, { payload: block([["x", "y"]]) }),
    ),
    ends: TOO_LARGE_HEAD,
    endsHttp2: INVALID,
  },
  {
    name: "100,000 cookies",
    http1: { ...text(OK, "Set-Cookie: a=b\r\n"), times: 100_000 },
    http2: frames(
      [headers([[":status", "200"]], 0)],
      frame("CONTINUATION", 1, { payload: block(Array(800).fill(["set-cookie", "a=b"])) }),
    ),
    ends: TOO_LARGE_HEAD,
    endsHttp2: INVALID,
  },
  { name: "a reason without an end", http1: text("HTTP/1.1 200 ", "yyyyyyyy"), ends: TOO_LARGE_HEAD },
  { name: "blank lines", http1: text("", "\r\n"), ends: INVALID },
  {
    name: "interim answers",
    http1: text("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    http2: frames([], status(103, [["link", "</a>"]])),
    ends: TOO_LARGE_HEAD,
  },
  {
    name: "empty CONTINUATION frames",
    http2: frames([headers([[":status", "200"]], 0)], frame("CONTINUATION", 1)),
    ends: INVALID,
  },
];

/** An entry of 4,000 bytes in the dynamic table, and a block of so many references to it. */
function references(count: number): Flood {
  const entry = Buffer.concat([Buffer.of(0x40), block([["a", "x".repeat(4_000)]]).subarray(1)]);
  const opening = [
    frame("HEADERS", 1, { flags: END_HEADERS, payload: Buffer.concat([block([[":status", "103"]]), entry]) }),
    frame("HEADERS", 1, {
      flags: END_HEADERS,
      payload: Buffer.concat([Buffer.of(0x88), Buffer.alloc(count, 0xbe)]),
    }),
  ];
  return { opening: Buffer.concat(opening) };
}

const HPACK: readonly FloodCase[] = [
  {
    name: "HPACK: more than the limit of a list",
    http2: references(17),
    ends: TOO_LARGE_HEAD,
    streamOnly: true,
  },
  { name: "HPACK: 64 MB out of 16 KB", http2: references(FRAME - 1), ends: INVALID },
];

const TRAILERS: readonly FloodCase[] = [
  {
    name: "trailers without an end",
    http1: text(`${CHUNKED}0\r\n`, "x: y\r\n"),
    http2: frames(
      [status(200), headers([["x", "y"]], END_STREAM)],
      frame("CONTINUATION", 1, { payload: block([["x", "y"]]) }),
    ),
    ends: TOO_LARGE,
    endsHttp2: "INVALID_RESPONSE body",
  },
  {
    name: "a trailer without an end",
    http1: text(`${CHUNKED}0\r\nx: `, "yyyyyyyy"),
    ends: TOO_LARGE,
  },
];

const BODIES: readonly FloodCase[] = [
  {
    name: "a body without an end",
    http1: text(`${OK}\r\n`, "x".repeat(1_000)),
    http2: frames([status(200)], zeros),
    ends: TOO_LARGE,
    streamOnly: true,
    options: SMALL,
  },
  {
    name: "a body that announces too much",
    http1: text(`${OK}Content-Length: 10000000000\r\n\r\n`, "x".repeat(1_000)),
    http2: frames([status(200, [["content-length", "10000000000"]])], zeros),
    ends: TOO_LARGE,
    streamOnly: true,
    options: SMALL,
  },
  {
    name: "chunks without an end",
    http1: text(CHUNKED, `3e8\r\n${"x".repeat(1_000)}\r\n`),
    ends: TOO_LARGE,
    options: SMALL,
  },
  {
    name: "chunks, and frames, of one byte",
    http1: text(CHUNKED, "1\r\nx\r\n"),
    http2: frames([status(200)], data("x")),
    ends: TOO_LARGE,
    streamOnly: true,
    options: { limits: { maxResponseBytes: MIB / 4 } },
  },
  {
    name: "a chunk extension without an end",
    http1: text(`${CHUNKED}1;`, "xxxxxxxx"),
    ends: "INVALID_RESPONSE body",
  },
  { name: "a chunk size without an end", http1: text(CHUNKED, "00000000"), ends: "INVALID_RESPONSE body" },
  {
    name: "more data than announced",
    http2: frames([status(200, [["content-length", "5"]])], zeros),
    ends: "INVALID_RESPONSE body",
    streamOnly: true,
  },
];

const flooding = (name: string, again: Buffer, ends = "INVALID_RESPONSE body"): FloodCase => ({
  name,
  http2: frames([status(200)], again),
  ends,
});
const setting = Buffer.concat([Buffer.of(0, 3), uint32(100)]);

const SMALL_FRAMES: readonly FloodCase[] = [
  flooding("DATA frames without data", data("")),
  flooding("DATA frames of padding", data(Buffer.concat([Buffer.of(9), Buffer.alloc(9)]), 0x8)),
  flooding("PING", frame("PING", 0, { payload: "12345678" })),
  flooding("SETTINGS", frame("SETTINGS", 0, { payload: setting })),
  flooding("empty SETTINGS", frame("SETTINGS", 0)),
  flooding("WINDOW_UPDATE", frame("WINDOW_UPDATE", 0, { payload: uint32(1) })),
  flooding("WINDOW_UPDATE of the stream", frame("WINDOW_UPDATE", 1, { payload: uint32(1) })),
  flooding("WINDOW_UPDATE, the largest", frame("WINDOW_UPDATE", 0, { payload: uint32(2 ** 31 - 1) })),
  flooding("PRIORITY", frame("PRIORITY", 1, { payload: Buffer.alloc(5) })),
  flooding("frames of no known type", frame(0xbe, 1, { payload: "x" })),
  {
    ...flooding("RST_STREAM", frame("RST_STREAM", 1, { payload: uint32(8) }), "BODY_CUT body"),
    // The first one ends the call, and the thousandth the connection: the next call may be on it by then.
    again: /^(ok|INVALID_RESPONSE headers)$/,
  },
  flooding("RST_STREAM of a stream that never was", frame("RST_STREAM", 7, { payload: uint32(8) })),
  flooding("PUSH_PROMISE", frame("PUSH_PROMISE", 1, { flags: END_HEADERS, payload: uint32(2) })),
  flooding("GOAWAY", frame("GOAWAY", 0, { payload: uint32(2 ** 31 - 1, 0) })),
  flooding("ALTSVC", frame(0xa, 0, { payload: Buffer.alloc(9) })),
];

/** The body of a POST waits for a window that opens by a byte now and then, or never. */
const WINDOWS: readonly FloodCase[] = [
  {
    name: "a window that never opens",
    http2: { opening: Buffer.alloc(0) },
    ends: "WRITE_TIMEOUT send",
    streamOnly: true,
    options: { body: MIB, timeout: { write: 300 } },
  },
  {
    name: "a window that opens byte by byte",
    http2: {
      opening: Buffer.alloc(0),
      again: frame("WINDOW_UPDATE", 0, { payload: uint32(1) }),
      pauseMs: 10,
    },
    ends: "TOTAL_TIMEOUT send",
    streamOnly: true,
    options: { body: MIB, timeout: { total: 500 } },
  },
];

const drip = (opening: Uint8Array, again: Uint8Array): Flood => ({ opening, again, pauseMs: 20 });

const SLOW: readonly FloodCase[] = [
  {
    name: "a head that drips",
    http1: drip(bytes(`${OK}x: `), bytes("y")),
    http2: drip(Buffer.from("000fff010400000001", "hex"), Buffer.of(0x88)),
    ends: "TOTAL_TIMEOUT headers",
    options: SHORT,
  },
  {
    name: "a head that drips, within a limit of its own",
    http1: drip(bytes(`${OK}x: `), bytes("y")),
    ends: "HEADERS_TIMEOUT headers",
    options: { timeout: { headers: 300 } },
  },
  {
    name: "a body that drips",
    http1: drip(bytes(CHUNKED), bytes("1\r\nx\r\n")),
    http2: drip(status(200), data("x")),
    ends: "TOTAL_TIMEOUT body",
    streamOnly: true,
    options: SHORT,
  },
  {
    name: "a body that stops",
    http1: { opening: bytes(`${OK}Content-Length: 100\r\n\r\nx`) },
    http2: { opening: Buffer.concat([status(200), data("x")]) },
    ends: "READ_TIMEOUT body",
    options: { timeout: { read: 300 } },
  },
];

const CHUNK = Buffer.concat([bytes("10000\r\n"), Buffer.alloc(65_536), bytes("\r\n")]);
const LARGE = {
  http1: { opening: bytes(CHUNKED), again: CHUNK, times: 1_600, ending: bytes("0\r\n\r\n") },
  http2: { ...frames([status(200)], zeros), times: 6_400, ending: data("", END_STREAM) },
  ends: "ok",
  streamOnly: true,
} as const;

const HONEST: readonly FloodCase[] = [
  { name: "100 MiB of unknown length, in memory once", ...LARGE, most: 160 * MIB },
  { name: "100 MiB of unknown length, into a file", http1: LARGE.http1, ends: "ok", how: "downloaded" },
  {
    name: "250 MiB that are announced, and stop after two",
    http1: {
      opening: Buffer.concat([bytes(`${OK}Content-Length: ${250 * MIB}\r\n\r\n`), Buffer.alloc(2 * MIB)]),
    },
    http2: { ...frames([status(200, [["content-length", String(250 * MIB)]])], zeros), times: 128 },
    ends: "READ_TIMEOUT body",
    options: { timeout: { read: 500 } },
  },
];

/** What a few bytes grow to. */
const BIG = Buffer.alloc(200 * MIB);
const gzipped = gzipSync(BIG);
const CODINGS: Readonly<Record<string, Buffer>> = {
  gzip: gzipped,
  deflate: deflateSync(BIG),
  br: brotliCompressSync(BIG),
  zstd: zstdCompressSync(BIG),
  "gzip, gzip": gzipSync(gzipped),
};
/** Of those that are streamed to their end, which takes its time. */
const STREAMED = ["gzip", "br"];

function encoded(coding: string, body: Buffer): Pick<FloodCase, "http1" | "http2"> {
  const length = String(body.length);
  const head = `${OK}Content-Encoding: ${coding}\r\nContent-Length: ${length}\r\n\r\n`;
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += FRAME) {
    const end = at + FRAME >= body.length ? END_STREAM : 0;
    parts.push(data(body.subarray(at, at + FRAME), end));
  }
  const fields = [["content-encoding", coding] as const, ["content-length", length] as const];
  return {
    http1: { opening: Buffer.concat([bytes(head), body]) },
    http2: { opening: Buffer.concat([status(200, fields), ...parts]) },
  };
}

const BOMBS: readonly FloodCase[] = [
  ...Object.entries(CODINGS).map(([coding, body]): FloodCase => {
    const answer = encoded(coding, body);
    return { name: `a bomb in ${coding}`, ...answer, ends: TOO_LARGE, streamOnly: true, options: SMALL };
  }),
  ...STREAMED.map((coding): FloodCase => {
    const answer = encoded(coding, CODINGS[coding]!);
    return {
      name: `a bomb in ${coding}, streamed`,
      ...answer,
      ends: "ok",
      streamOnly: true,
      how: "streamed",
    };
  }),
  {
    name: "more codings than anyone needs",
    ...encoded("gzip, gzip, gzip, gzip, gzip, gzip", gzipped),
    ends: "DECODING_FAILED body",
    streamOnly: true,
  },
];

/** A hop of a loop, with as many cookies as a head may have fields. */
function hop(n: number, cookies: number): Pick<Required<FloodCase>, "http1" | "http2"> {
  const fields: [string, string][] = [["location", `/${n}`]];
  for (let i = 0; i < cookies; i++) fields.push(["set-cookie", `c${n}-${i}=${"x".repeat(200)}`]);
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const payload = block([[":status", "302"], ["content-length", "0"], ...fields]);
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += FRAME) {
    const flags = at + FRAME >= payload.length ? END_HEADERS : 0;
    const first = { flags: flags | END_STREAM, payload: payload.subarray(at, at + FRAME) };
    parts.push(at === 0 ? frame("HEADERS", 1, first) : frame("CONTINUATION", 1, { ...first, flags }));
  }
  return {
    http1: { opening: bytes(`HTTP/1.1 302 Found\r\nContent-Length: 0\r\n${lines}\r\n`) },
    http2: { opening: Buffer.concat(parts) },
  };
}

function loop(cookies: number): Pick<FloodCase, "http1" | "http2"> {
  const hops = Array.from({ length: 21 }, (_, n) => hop(n, cookies));
  return { http1: hops.map(({ http1 }) => http1 as Flood), http2: hops.map(({ http2 }) => http2 as Flood) };
}

const LOOPS: readonly FloodCase[] = [
  {
    name: "redirects without an end",
    ...loop(0),
    ends: "TOO_MANY_REDIRECTS redirect",
    streamOnly: true,
  },
  {
    name: "redirects that bring 190 cookies each",
    ...loop(190),
    ends: "TOO_MANY_REDIRECTS redirect",
    streamOnly: true,
    options: { cookies: true },
  },
];

export const FLOOD_CASES: readonly FloodCase[] = [
  ...HEADS,
  ...HPACK,
  ...TRAILERS,
  ...BODIES,
  ...SMALL_FRAMES,
  ...WINDOWS,
  ...SLOW,
  ...HONEST,
  ...BOMBS,
  ...LOOPS,
];
