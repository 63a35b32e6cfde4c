import { describe, expect, test } from "@skein/testkit";
import { ByteWriter } from "../../src/protocol/http2/hpack/byte-writer.ts";
import { HpackDecoder } from "../../src/protocol/http2/hpack/hpack-decoder.ts";
import { HpackEncoder } from "../../src/protocol/http2/hpack/hpack-encoder.ts";
import {
  CONTINUATION,
  DATA,
  FrameLog,
  frame,
  HEADERS,
  integer,
  literals,
  PING,
  PRIORITY,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame-feeds.ts";

const END_HEADERS = 0x4;
const MEBIBYTE = 2 ** 20;
const FRAME = 16_384;

/** A literal that joins the table. */
function inserted(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40), literals([name, value]).subarray(1)]);
}

/** Feeds the same bytes again and again until the reader has had enough, and gives up after 16 MiB. */
function flood(opening: Uint8Array, again: Uint8Array): { end: string; fed: number } {
  const log = new FrameLog();
  log.read(opening);
  let fed = 0;
  while (!log.isDead && fed < 16 * MEBIBYTE) {
    log.read(again);
    fed += again.length;
  }
  return { end: log.events.at(-1) ?? "nothing", fed };
}

describe("a header block that has no end ends in an error, within the limits", () => {
  const opened = frame(HEADERS, 0, 1);
  test.each([
    ["empty frames", opened, frame(CONTINUATION, 0, 1), 64],
    ["frames of a byte", opened, frame(CONTINUATION, 0, 1, "a"), 64],
    ["full frames", opened, frame(CONTINUATION, 0, 1, Buffer.alloc(FRAME)), 16],
  ])("%s", (_, opening, again, frames) => {
    const { end, fed } = flood(opening, again);
    expect(end).toMatch(/^connection error ENHANCE_YOUR_CALM/);
    expect(fed).toBe((frames + 1) * again.length);
  });
});

describe("bombs", () => {
  /** An entry of 4,000 bytes, then blocks of so many references to it, each on a stream of its own. */
  function bomb(references: number): FrameLog {
    const log = new FrameLog();
    log.read(frame(HEADERS, END_HEADERS, 1, inserted("a", "x".repeat(4_000))));
    log.events.length = 0;
    log.read(frame(HEADERS, END_HEADERS, 3, Buffer.alloc(references, 0xbe)));
    return log;
  }

  test("a list beyond the limit fails its stream, and the connection goes on", () => {
    const log = bomb(17);
    expect(log.violations).toMatchObject([{ code: "ENHANCE_YOUR_CALM", scope: "stream", streamId: 3 }]);
    log.read(frame(HEADERS, END_HEADERS, 5, Buffer.of(0x88)));
    expect(log.events.at(-1)).toBe("headers 5 :status=200");
  });

  test("64 MB out of 16 KB ends the connection, with nothing kept", () => {
    const log = bomb(FRAME);
    expect(log.violations).toMatchObject([{ code: "ENHANCE_YOUR_CALM", scope: "connection" }]);
    expect(log.reader.fields.bytes.length).toBeLessThanOrEqual(2 * 65_536);
  });

  test("names that are references to a large one do as well", () => {
    const log = new FrameLog();
    log.read(frame(HEADERS, END_HEADERS, 1, inserted("x".repeat(4_000), "")));
    const reference = Buffer.concat([integer(62, 0x0f, 0), Buffer.of(0)]);
    log.read(frame(HEADERS, END_HEADERS, 3, Buffer.alloc(FRAME - 1, reference)));
    expect(log.violations).toMatchObject([{ code: "ENHANCE_YOUR_CALM", scope: "connection" }]);
  });

  test("a hundred thousand small fields are too many, and no more than that", () => {
    const decoder = new HpackDecoder();
    const block = Buffer.alloc(20_000, 0x82);
    expect(decoder.decode(block, 0, block.length)).toBe("too-large");
    expect(decoder.decode(Buffer.of(0x88), 0, 1)).toBe("ok");
  });

  test("the memory of a large list is given back with the next one", () => {
    const decoder = new HpackDecoder();
    const large = literals(["a", "x".repeat(60_000)]);
    expect(decoder.decode(large, 0, large.length)).toBe("ok");
    expect(decoder.decode(Buffer.of(0x88), 0, 1)).toBe("ok");
    expect(decoder.fields.bytes.length).toBeLessThan(2_000);
  });
});

/**
 * Fed byte by byte, a reader that looks at what it has again with each byte would take 10^12 steps for these: days. The
 * deadline of the test is the assertion.
 */
describe("nothing takes more than linear time, byte by byte or as a whole", () => {
  const limits = {
    maxFrameSize: 2 ** 24 - 1,
    maxBlockBytes: 2 ** 24,
    maxHeaderBytes: 2 ** 25,
    maxFields: 2 ** 21,
    maxContinuations: 2 ** 20,
  };
  const many = (count: number, bytes: Uint8Array) => Buffer.alloc(count * bytes.length, bytes);
  const block = (bytes: Uint8Array) => frame(HEADERS, END_HEADERS, 1, bytes);

  test.each<[string, Buffer]>([
    ["a large field", block(literals(["a", "x".repeat(2 * MEBIBYTE)]))],
    ["small fields", block(many(200_000, literals(["a", "b"])))],
    ["indexed fields", block(many(MEBIBYTE, Buffer.of(0x82)))],
    ["insertions, small", block(many(200_000, inserted("a", "")))],
    ["insertions, large", block(many(500, inserted("a", "x".repeat(2_500))))],
    [
      "insertions of both kinds",
      block(many(4_000, Buffer.concat([many(60, inserted("a", "")), inserted("b", "x".repeat(200))]))),
    ],
    [
      "a Huffman code",
      block(Buffer.concat([Buffer.of(0, 0), integer(MEBIBYTE, 0x7f, 0x80), many(MEBIBYTE, Buffer.of(0x18))])),
    ],
    [
      "table sizes that change",
      many(60_000, block(Buffer.concat([Buffer.of(0x20), integer(4_096, 0x1f, 0x20), inserted("a", "b")]))),
    ],
    [
      "continuations",
      Buffer.concat([
        frame(HEADERS, 0, 1),
        many(200_000, frame(CONTINUATION, 0, 1, literals(["a", "b"]))),
        frame(CONTINUATION, END_HEADERS, 1),
      ]),
    ],
    ["settings", frame(SETTINGS, 0, 0, many(300_000, Buffer.of(0, 3, 0, 0, 0, 1)))],
    ["small data", many(100_000, frame(DATA, 0, 1, "a"))],
    ["padding", many(8_000, frame(DATA, 0x8, 1, `\xff${"_".repeat(255)}`))],
    ["pings", many(60_000, frame(PING, 0, 0, "12345678"))],
    ["windows", many(80_000, frame(WINDOW_UPDATE, 0, 0, [0, 0, 0, 1]))],
    ["stream errors", many(80_000, frame(PRIORITY, 0, 1, "1"))],
    ["an unknown frame", frame(0xff, 0, 1, Buffer.alloc(2 * MEBIBYTE))],
  ])("%s", (_, bytes) => {
    for (const step of [1, bytes.length]) {
      const log = new FrameLog({ limits });
      log.onData = () => {};
      log.onHeaders = () => {};
      for (let at = 0; at < bytes.length; at += step) log.reader.receive(bytes, at, at + step);
      expect(log.isDead).toBe(false);
      expect(log.reader.isInside).toBe(false);
      log.reader.receive(frame(PING, 1, 0, "12345678"), 0, 17);
      expect(log.events.at(-1)).toMatch(/^ping ack/);
    }
  });

  test("an encoder with ever new fields", () => {
    const encoder = new HpackEncoder();
    const out = new ByteWriter(FRAME);
    for (let i = 0; i < 300_000; i++) {
      encoder.begin(out);
      encoder.field(`x-${i}`, "", "indexed");
      encoder.field("x-same", String(i), "indexed");
      if (out.pending > FRAME) out.take();
    }
    expect(out.bytes.length).toBeLessThanOrEqual(4 * FRAME);
  });
});
