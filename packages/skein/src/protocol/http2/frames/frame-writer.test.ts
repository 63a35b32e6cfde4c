import { describe, expect, test } from "@skein/testkit";
import { FrameWriter } from "./frame-writer.ts";

function written(write: (writer: FrameWriter) => void): string {
  const writer = new FrameWriter();
  write(writer);
  return Buffer.from(writer.take()).toString("hex");
}

/** length, type, flags and stream of each frame. */
function headersOf(bytes: Uint8Array): [length: number, type: number, flags: number, streamId: number][] {
  const buffer = Buffer.from(bytes);
  const headers: [number, number, number, number][] = [];
  for (let at = 0; at < buffer.length; at += 9 + buffer.readUIntBE(at, 3)) {
    headers.push([buffer.readUIntBE(at, 3), buffer[at + 3]!, buffer[at + 4]!, buffer.readUInt32BE(at + 5)]);
  }
  return headers;
}

describe("FrameWriter", () => {
  test.each<[string, (writer: FrameWriter) => void, string]>([
    [
      "the preface",
      writer =>
        writer.preface({ ENABLE_PUSH: 0, INITIAL_WINDOW_SIZE: 65_536, MAX_HEADER_LIST_SIZE: undefined }),
      `${Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").toString("hex")}00000c040000000000000200000000000400010000`,
    ],
    [
      "settings",
      writer => writer.settings({ MAX_FRAME_SIZE: 2 ** 24 - 1 }),
      "00000604000000000000" + "0500ffffff",
    ],
    ["an acknowledgement", writer => writer.settingsAck(), "000000040100000000"],
    ["a ping", writer => writer.ping(0xffffffff, 1), "000008060000000000ffffffff00000001"],
    ["a pong", writer => writer.pingAck(1, 0x80000000), "0000080601000000000000000180000000"],
    ["a reset", writer => writer.reset(5, "CANCEL"), "00000403000000000500000008"],
    ["a goaway", writer => writer.goaway(0, "ENHANCE_YOUR_CALM"), "000008070000000000000000000000000b"],
    ["a window update", writer => writer.windowUpdate(3, 2 ** 31 - 1), "0000040800000000037fffffff"],
    ["data", writer => writer.data(2 ** 31 - 1, Buffer.from("ab"), false), "00000200007fffffff6162"],
    ["no data", writer => writer.data(1, Buffer.alloc(0), true), "000000000100000001"],
    ["data from elsewhere", writer => writer.dataHeader(1, 300, true), "00012c000100000001"],
  ])("%s", (_, write, hex) => {
    expect(written(write)).toBe(hex);
  });

  test("splits data by the peer's frame size, and ends the stream with the last", () => {
    const writer = new FrameWriter();
    writer.data(1, Buffer.alloc(40_000), true);
    expect(headersOf(writer.take())).toEqual([
      [16_384, 0, 0, 1],
      [16_384, 0, 0, 1],
      [7_232, 0, 1, 1],
    ]);
    writer.maxFrameSize = 20_000;
    writer.data(3, Buffer.alloc(40_000), true);
    expect(headersOf(writer.take())).toEqual([
      [20_000, 0, 0, 3],
      [20_000, 0, 1, 3],
    ]);
  });

  test.each([0, 16_384, 16_385, 32_768, 50_000])(
    "a header block of %d bytes, with frames in front of it",
    length => {
      const writer = new FrameWriter();
      const block = Buffer.from(Array.from({ length }, (_, i) => i % 251));
      writer.settingsAck();
      writer.beginHeaders(7, true);
      writer.append(block);
      writer.endHeaders();
      writer.settingsAck();
      const bytes = Buffer.from(writer.take());
      const count = Math.max(1, Math.ceil(length / 16_384));
      const frames = headersOf(bytes);
      expect(frames).toEqual([
        [0, 4, 1, 0],
        ...Array.from({ length: count }, (_, i) => [
          i === count - 1 ? length - i * 16_384 : 16_384,
          i === 0 ? 1 : 9,
          (i === 0 ? 1 : 0) + (i === count - 1 ? 4 : 0),
          7,
        ]),
        [0, 4, 1, 0],
      ]);
      const fragments = frames.map(([size], i) => {
        const start = frames.slice(0, i).reduce((sum, [before]) => sum + 9 + before, 9);
        return bytes.subarray(start, start + size);
      });
      expect(Buffer.concat(fragments).equals(block)).toBe(true);
    },
  );

  test("what was taken is not touched by what is written later", () => {
    const writer = new FrameWriter();
    const taken: [Uint8Array, Buffer][] = [];
    for (let i = 0; i < 5_000; i++) {
      writer.ping(i, i * 2);
      if (i % 50 === 0) writer.data(1, Buffer.alloc((i * 31) % 9_000, i), false);
      const bytes = writer.take();
      taken.push([bytes, Buffer.from(bytes)]);
    }
    for (const [bytes, copy] of taken) expect(copy.equals(bytes)).toBe(true);
  });

  test("keeps no memory once it is told to", () => {
    const writer = new FrameWriter();
    writer.ping(1, 2);
    writer.trim();
    expect(writer.pending).toBe(17);
    writer.take();
    writer.trim();
    expect(writer.bytes.length).toBe(0);
    writer.settingsAck();
    expect(writer.take().length).toBe(9);
  });
});
