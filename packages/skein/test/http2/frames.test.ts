import { describe, expect, test } from "@skein/testkit";
import {
  CONTINUATION,
  DATA,
  FrameLog,
  frame,
  GOAWAY,
  HEADERS,
  integer,
  literals,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  readEveryWay,
  readIn,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame-feeds.ts";

const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const HAS_PRIORITY = 0x20;
const OK = Buffer.of(0x88);
const UNKNOWN = 0xb;

/** The offset of the frames of a test: behind the server's SETTINGS. */
const FIRST = 9;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.of(0, id), uint32(value)]);
}

describe("frames are handed out", () => {
  test.each<[string, Buffer[], string[]]>([
    ["headers in one frame", [frame(HEADERS, END_HEADERS, 1, OK)], ["headers 1 :status=200"]],
    [
      "headers that end the stream",
      [frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)],
      ["headers 1 end :status=200"],
    ],
    [
      "headers in three frames",
      [
        frame(HEADERS, END_STREAM, 3, OK),
        frame(CONTINUATION, 0, 3, literals(["a", "b"]).subarray(0, 2)),
        frame(CONTINUATION, END_HEADERS, 3, literals(["a", "b"]).subarray(2)),
      ],
      ["headers 3 end :status=200; a=b"],
    ],
    [
      "headers with padding",
      [frame(HEADERS, END_HEADERS | PADDED, 1, [2, ...OK, 0, 0])],
      ["headers 1 :status=200"],
    ],
    [
      "padding of a first frame is no part of the block",
      [
        frame(HEADERS, PADDED, 1, [2, ...OK, 9, 9]),
        frame(CONTINUATION, END_HEADERS, 1, literals(["a", "b"])),
      ],
      ["headers 1 :status=200; a=b"],
    ],
    [
      "headers that depend on themselves: priorities mean nothing any more",
      [frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, [0, 0, 0, 1, 16, ...OK])],
      ["headers 1 :status=200"],
    ],
    [
      "headers with priority and padding",
      [frame(HEADERS, END_HEADERS | HAS_PRIORITY | PADDED, 1, [1, 0, 0, 0, 0, 16, ...OK, 0])],
      ["headers 1 :status=200"],
    ],
    ["no headers at all", [frame(HEADERS, END_HEADERS, 1)], ["headers 1 "]],
    ["data", [frame(DATA, 0, 1, "abc")], ['data 1 "abc" of 3']],
    [
      "data that ends the stream",
      [frame(DATA, END_STREAM, 1, "abc")],
      ["end 1", 'data 1 "abc" of 3'].reverse(),
    ],
    ["data with padding", [frame(DATA, PADDED | END_STREAM, 1, "\x02abc__")], ['data 1 "abc" of 6', "end 1"]],
    ["nothing but padding", [frame(DATA, PADDED, 1, "\x02__")], ['data 1 "" of 3']],
    ["an empty pad", [frame(DATA, PADDED, 1, "\x00")], ['data 1 "" of 1']],
    ["an end without data", [frame(DATA, END_STREAM, 1)], ['data 1 "" of 0', "end 1"]],
    ["a reset", [frame(RST_STREAM, 0, 1, uint32(0xffffffff))], ["reset 1 4294967295"]],
    ["no settings", [frame(SETTINGS, 0, 0)], ["settings"]],
    [
      "settings, those that nobody knows too",
      [
        frame(
          SETTINGS,
          0,
          0,
          Buffer.concat([
            setting(1, 0),
            setting(2, 0),
            setting(3, 0),
            setting(4, 2 ** 31 - 1),
            setting(5, 16_384),
          ]),
        ),
        frame(
          SETTINGS,
          0,
          0,
          Buffer.concat([setting(5, 2 ** 24 - 1), setting(6, 2 ** 32 - 1), setting(99, 7)]),
        ),
      ],
      [
        "setting 1 0",
        "setting 2 0",
        "setting 3 0",
        "setting 4 2147483647",
        "setting 5 16384",
        "settings",
        "setting 5 16777215",
        "setting 6 4294967295",
        "setting 99 7",
        "settings",
      ],
    ],
    ["an acknowledgement", [frame(SETTINGS, ACK, 0)], ["settings ack"]],
    ["a ping", [frame(PING, 0, 0, [255, 0, 0, 1, 0, 0, 0, 2])], ["ping 4278190081 2"]],
    ["a pong", [frame(PING, ACK, 0, [0, 0, 0, 1, 0, 0, 0, 2])], ["ping ack 1 2"]],
    ["a goaway", [frame(GOAWAY, 0, 0, [0x80, 0, 0, 5, 0, 0, 0, 2, 104, 105])], ['goaway 5 2 "hi"']],
    [
      "windows, without the reserved bit",
      [frame(WINDOW_UPDATE, 0, 0, uint32(2 ** 31 + 5)), frame(WINDOW_UPDATE, 0, 7, uint32(2 ** 31 - 1))],
      ["window 0 5", "window 7 2147483647"],
    ],
    ["a priority says nothing", [frame(PRIORITY, 0, 1, [0, 0, 0, 1, 16])], []],
    ["a type that nobody knows, on any stream", [frame(UNKNOWN, 255, 0, "abc"), frame(UNKNOWN, 0, 9)], []],
    [
      "flags that nobody knows",
      [frame(PING, 0xfe, 0, [0, 0, 0, 1, 0, 0, 0, 2]), frame(RST_STREAM, 0xff, 1, uint32(8))],
      ["ping 1 2", "reset 1 8"],
    ],
    ["a stream with the reserved bit", [frame(RST_STREAM, 0, 2 ** 31 + 3, uint32(8))], ["reset 3 8"]],
    [
      "frame behind frame",
      [
        frame(HEADERS, END_HEADERS, 1, OK),
        frame(DATA, 0, 1, "ab"),
        frame(DATA, 0, 3, "cd"),
        frame(DATA, END_STREAM, 1, "e"),
        frame(PING, 0, 0, "12345678"),
      ],
      [
        "headers 1 :status=200",
        'data 1 "ab" of 2',
        'data 3 "cd" of 2',
        'data 1 "e" of 1',
        "end 1",
        "ping 825373492 892745528",
      ],
    ],
  ])("%s", (_, frames, events) => {
    expect(readEveryWay(frames)).toEqual(events);
  });
});

describe("what ends the connection", () => {
  test.each<[string, Buffer[], string]>([
    ["data on stream 0", [frame(DATA, 0, 0, "a")], "PROTOCOL_ERROR on 0"],
    ["headers on stream 0", [frame(HEADERS, END_HEADERS, 0, OK)], "PROTOCOL_ERROR on 0"],
    ["a priority on stream 0", [frame(PRIORITY, 0, 0, [0, 0, 0, 0, 1])], "PROTOCOL_ERROR on 0"],
    ["a reset of stream 0", [frame(RST_STREAM, 0, 0, uint32(8))], "PROTOCOL_ERROR on 0"],
    ["settings on a stream", [frame(SETTINGS, 0, 1)], "PROTOCOL_ERROR on 1"],
    ["a ping on a stream", [frame(PING, 0, 1, "12345678")], "PROTOCOL_ERROR on 1"],
    ["a goaway on a stream", [frame(GOAWAY, 0, 1, "12345678")], "PROTOCOL_ERROR on 1"],
    ["a push", [frame(PUSH_PROMISE, END_HEADERS, 1, [0, 0, 0, 2, ...OK])], "PROTOCOL_ERROR on 1"],
    ["a reset of 3 bytes", [frame(RST_STREAM, 0, 1, "abc")], "FRAME_SIZE_ERROR on 1"],
    ["a reset of 5 bytes", [frame(RST_STREAM, 0, 1, "abcde")], "FRAME_SIZE_ERROR on 1"],
    ["a ping of 7 bytes", [frame(PING, 0, 0, "1234567")], "FRAME_SIZE_ERROR on 0"],
    ["a ping of 9 bytes", [frame(PING, 0, 0, "123456789")], "FRAME_SIZE_ERROR on 0"],
    ["a goaway of 7 bytes", [frame(GOAWAY, 0, 0, "1234567")], "FRAME_SIZE_ERROR on 0"],
    ["a window update of 3 bytes", [frame(WINDOW_UPDATE, 0, 0, "123")], "FRAME_SIZE_ERROR on 0"],
    ["a window update of 5 bytes", [frame(WINDOW_UPDATE, 0, 1, "12345")], "FRAME_SIZE_ERROR on 1"],
    ["settings of 7 bytes", [frame(SETTINGS, 0, 0, "1234567")], "FRAME_SIZE_ERROR on 0"],
    ["an acknowledgement with settings", [frame(SETTINGS, ACK, 0, setting(1, 0))], "FRAME_SIZE_ERROR on 0"],
    ["padding where there is no byte", [frame(DATA, PADDED, 1)], "FRAME_SIZE_ERROR on 1"],
    ["a priority that is cut off", [frame(HEADERS, HAS_PRIORITY, 1, "1234")], "FRAME_SIZE_ERROR on 1"],
    ["padding as long as the data frame", [frame(DATA, PADDED, 1, "\x03abc")], "ok"],
    ["padding longer than the data frame", [frame(DATA, PADDED, 1, "\x04abc")], "PROTOCOL_ERROR on 1"],
    ["padding longer than the block", [frame(HEADERS, PADDED, 1, "\x04abc")], "PROTOCOL_ERROR on 1"],
    [
      "padding that covers the priority",
      [frame(HEADERS, END_HEADERS | PADDED | HAS_PRIORITY, 1, [1, 0, 0, 0, 0, 1])],
      "PROTOCOL_ERROR on 1",
    ],
    ["a data frame of 16,385 bytes", [frame(DATA, 0, 1, Buffer.alloc(16_385))], "FRAME_SIZE_ERROR on 1"],
    [
      "an unknown frame of 16,385 bytes",
      [frame(UNKNOWN, 0, 1, Buffer.alloc(16_385))],
      "FRAME_SIZE_ERROR on 1",
    ],
    ["an increment of 0 for the connection", [frame(WINDOW_UPDATE, 0, 0, uint32(0))], "PROTOCOL_ERROR on 0"],
    ["ENABLE_PUSH 1, from a server", [frame(SETTINGS, 0, 0, setting(2, 1))], "PROTOCOL_ERROR on 0"],
    ["ENABLE_PUSH 2", [frame(SETTINGS, 0, 0, setting(2, 2))], "PROTOCOL_ERROR on 0"],
    ["INITIAL_WINDOW_SIZE 2^31", [frame(SETTINGS, 0, 0, setting(4, 2 ** 31))], "FLOW_CONTROL_ERROR on 0"],
    ["MAX_FRAME_SIZE 0", [frame(SETTINGS, 0, 0, setting(5, 0))], "PROTOCOL_ERROR on 0"],
    ["MAX_FRAME_SIZE 16,383", [frame(SETTINGS, 0, 0, setting(5, 16_383))], "PROTOCOL_ERROR on 0"],
    ["MAX_FRAME_SIZE 2^24", [frame(SETTINGS, 0, 0, setting(5, 2 ** 24))], "PROTOCOL_ERROR on 0"],
    ["ENABLE_CONNECT_PROTOCOL 2", [frame(SETTINGS, 0, 0, setting(8, 2))], "PROTOCOL_ERROR on 0"],
    ["a block that is no HPACK", [frame(HEADERS, END_HEADERS, 1, [0x80])], "COMPRESSION_ERROR on 1"],
    ["a continuation of nothing", [frame(CONTINUATION, END_HEADERS, 1, OK)], "PROTOCOL_ERROR on 1"],
    [
      "a continuation behind the end",
      [frame(HEADERS, END_HEADERS, 1), frame(CONTINUATION, END_HEADERS, 1)],
      "PROTOCOL_ERROR on 1",
    ],
    [
      "a continuation of another stream",
      [frame(HEADERS, 0, 1), frame(CONTINUATION, END_HEADERS, 3)],
      "PROTOCOL_ERROR on 3",
    ],
    ["a continuation of stream 0", [frame(HEADERS, 0, 1), frame(CONTINUATION, 0, 0)], "PROTOCOL_ERROR on 0"],
    ["data inside a block", [frame(HEADERS, 0, 1), frame(DATA, 0, 1)], "PROTOCOL_ERROR on 1"],
    ["headers inside a block", [frame(HEADERS, 0, 1), frame(HEADERS, END_HEADERS, 1)], "PROTOCOL_ERROR on 1"],
    ["a ping inside a block", [frame(HEADERS, 0, 1), frame(PING, 0, 0, "12345678")], "PROTOCOL_ERROR on 0"],
    ["an unknown frame inside a block", [frame(HEADERS, 0, 1), frame(UNKNOWN, 0, 0)], "PROTOCOL_ERROR on 0"],
    [
      "a wrong priority inside a block",
      [frame(HEADERS, 0, 1), frame(PRIORITY, 0, 1, "1")],
      "PROTOCOL_ERROR on 1",
    ],
  ])("%s", (_, frames, expected) => {
    // Another frame, which must not be read.
    const events = readIn([Buffer.concat([...frames, frame(PING, ACK, 0, "12345678")])]);
    if (expected === "ok") return expect(events.at(-1)).toMatch(/^ping ack/);
    const last = events.at(-1)!;
    expect(last).toMatch(`connection error ${expected} at `);
    if (Buffer.concat(frames).length < 100) expect(readEveryWay(frames)).toEqual(events);
  });

  test("an error names the frame's place and what is wrong with it", () => {
    const log = new FrameLog();
    log.read(frame(PING, 0, 0, "12345678"));
    log.read(frame(PING, 0, 0, "1234567"));
    expect(log.violations).toEqual([
      {
        code: "FRAME_SIZE_ERROR",
        scope: "connection",
        streamId: 0,
        offset: FIRST + 17,
        reason: "a PING frame of 7 bytes",
      },
    ]);
  });

  test("settings in front of a wrong one have been told", () => {
    const settings = Buffer.concat([setting(3, 9), setting(5, 1), setting(3, 8)]);
    expect(readEveryWay([frame(SETTINGS, 0, 0, settings)])).toEqual([
      "setting 3 9",
      "connection error PROTOCOL_ERROR on 0 at 9: SETTINGS_MAX_FRAME_SIZE is 1",
    ]);
  });
});

describe("what ends a stream only", () => {
  const after = frame(PING, ACK, 0, [0, 0, 0, 0, 0, 0, 0, 1]);

  test("a priority of a wrong size", () => {
    for (const size of [0, 4, 6]) {
      expect(readEveryWay([frame(PRIORITY, 0, 3, Buffer.alloc(size)), after])).toEqual([
        `stream error FRAME_SIZE_ERROR on 3 at 9: a PRIORITY frame of ${size} bytes`,
        "ping ack 0 1",
      ]);
    }
  });

  test("a window increment of 0", () => {
    expect(readEveryWay([frame(WINDOW_UPDATE, 0, 3, uint32(2 ** 31)), after])).toEqual([
      "stream error PROTOCOL_ERROR on 3 at 9: a WINDOW_UPDATE frame with an increment of 0",
      "ping ack 0 1",
    ]);
  });

  test("headers beyond the limits; the tables are right afterwards", () => {
    const limits = { maxHeaderBytes: 100, maxFields: 3 };
    const indexed = Buffer.concat([Buffer.of(0x40), literals(["x", "y"]).subarray(1)]);
    for (const fields of [literals(["a", "x".repeat(100)]), literals(["a", ""], ["b", ""], ["c", ""])]) {
      const frames = [
        frame(HEADERS, END_HEADERS, 1, Buffer.concat([fields, indexed])),
        frame(HEADERS, END_HEADERS, 3, Buffer.of(0xbe)),
      ];
      expect(readEveryWay(frames, () => ({ limits }))).toEqual([
        "stream error ENHANCE_YOUR_CALM on 1 at 9: headers larger, or more of them, than the limit",
        "headers 3 x=y",
      ]);
    }
  });
});

describe("the server's first frame is SETTINGS", () => {
  const first = (bytes: Buffer) => readEveryWay([bytes], () => ({ greeted: false }));

  test("and may be empty", () => {
    expect(first(frame(SETTINGS, 0, 0))).toEqual(["settings"]);
  });

  test.each([
    ["a ping", frame(PING, 0, 0, "12345678"), "a PING frame"],
    ["an acknowledgement", frame(SETTINGS, ACK, 0), "a SETTINGS frame"],
    ["an unknown frame", frame(UNKNOWN, 0, 0), "a type 0xb frame"],
    ["HTTP/1.1", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "an HTTP/1 answer"],
  ])("not %s", (_, bytes, what) => {
    expect(first(bytes)).toEqual([
      expect.stringContaining(
        `PROTOCOL_ERROR on ${bytes.readUInt32BE(5)} at 0: the server begins with ${what}`,
      ),
    ]);
  });
});

describe("the sink may stop the reader in any call", () => {
  const frames = Buffer.concat([
    frame(SETTINGS, 0, 0, setting(3, 1)),
    frame(HEADERS, END_HEADERS, 1, OK),
    frame(DATA, 0, 1, "a"),
    frame(DATA, END_STREAM, 1, "b"),
    frame(RST_STREAM, 0, 1, uint32(8)),
    frame(SETTINGS, ACK, 0),
    frame(PING, 0, 0, "12345678"),
    frame(PING, ACK, 0, "12345678"),
    frame(WINDOW_UPDATE, 0, 0, uint32(1)),
    frame(WINDOW_UPDATE, 0, 1, uint32(0)),
    frame(PRIORITY, 0, 1),
    frame(GOAWAY, 0, 0, "12345678"),
  ]);
  const whole = readIn([frames]);

  test.each(whole.map((event, index) => [event, index + 1] as const))("%s", (_, count) => {
    const log = new FrameLog();
    let seen = 0;
    log.onEvent = () => {
      seen = log.events.length;
      if (seen >= count) log.reader.stop();
    };
    log.read(frames);
    log.read(frames);
    // The harness puts the pieces of data together, and tells of them one event later.
    expect(log.finish().length).toBeLessThanOrEqual(count + 2);
    expect(log.reader.isInside).toBe(false);
  });
});

test("it is told whether the connection may end here", () => {
  const log = new FrameLog();
  const bytes = Buffer.concat([
    frame(HEADERS, 0, 1, OK),
    frame(CONTINUATION, END_HEADERS, 1),
    frame(DATA, 0, 1, "ab"),
  ]);
  expect(log.reader.isInside).toBe(false);
  for (let at = 0; at < bytes.length - 11; at++) {
    log.read(bytes.subarray(at, at + 1));
    expect(log.reader.isInside, `behind byte ${at}`).toBe(at < 18);
  }
  for (let at = bytes.length - 11; at < bytes.length; at++) {
    log.read(bytes.subarray(at, at + 1));
    expect(log.reader.isInside).toBe(at < bytes.length - 1);
  }
});

test("data is handed out where it lies", () => {
  const pieces: [Uint8Array, number, number][] = [];
  const log = new FrameLog();
  log.onData = (bytes, start, end) => void pieces.push([bytes, start, end]);
  const first = frame(DATA, PADDED, 1, "\x01abcd_");
  log.reader.receive(first, 0, 12);
  log.reader.receive(first, 12, first.length);
  expect(pieces.map(([bytes]) => bytes === first)).toEqual([true, true]);
  expect(pieces.map(([, start, end]) => [start, end])).toEqual([
    [10, 12],
    [12, 14],
  ]);
});

describe("what costs its sender nothing is counted", () => {
  test("by kind", () => {
    const log = new FrameLog();
    log.reader.counts.settings = 0;
    log.read(
      Buffer.concat([
        frame(DATA, 0, 1),
        frame(DATA, PADDED, 1, "\x02__"),
        frame(DATA, 0, 1, "a"),
        frame(DATA, END_STREAM, 1),
        frame(HEADERS, 0, 1),
        frame(CONTINUATION, END_HEADERS, 1),
        frame(HEADERS, END_HEADERS, 1, OK),
        frame(PRIORITY, 0, 1, "12345"),
        frame(RST_STREAM, 0, 1, uint32(1)),
        frame(SETTINGS, 0, 0),
        frame(SETTINGS, ACK, 0),
        frame(PING, 0, 0, "12345678"),
        frame(PING, ACK, 0, "12345678"),
        frame(GOAWAY, 0, 0, "12345678"),
        frame(WINDOW_UPDATE, 0, 0, uint32(1)),
        frame(UNKNOWN, 0, 0),
      ]),
    );
    const { counts } = log.reader;
    expect({ ...counts }).toEqual({
      emptyData: 2,
      emptyHeaders: 2,
      goaways: 1,
      pings: 2,
      priorities: 1,
      resets: 1,
      settings: 2,
      unknown: 1,
      windowUpdates: 1,
    });
    expect(counts.total).toBe(13);
  });
});

describe("a header block has its limits", () => {
  const fragment = literals(["a", "b"]);

  test("of frames", () => {
    const limits = { maxContinuations: 3 };
    const frames = (count: number) => [
      frame(HEADERS, 0, 1),
      ...Array.from({ length: count }, (_, i) => frame(CONTINUATION, i === count - 1 ? END_HEADERS : 0, 1)),
    ];
    expect(readEveryWay(frames(3), () => ({ limits }))).toEqual(["headers 1 "]);
    expect(readEveryWay(frames(4), () => ({ limits }))).toEqual([
      "connection error ENHANCE_YOUR_CALM on 1 at 45: a header block in more frames than anyone needs",
    ]);
  });

  test("of bytes", () => {
    const limits = { maxBlockBytes: 2 * fragment.length };
    const frames = (count: number) => [
      frame(HEADERS, 0, 1, fragment),
      ...Array.from({ length: count - 1 }, () => frame(CONTINUATION, 0, 1, fragment)),
      frame(CONTINUATION, END_HEADERS, 1),
    ];
    expect(readEveryWay(frames(2), () => ({ limits }))).toEqual(["headers 1 a=b; a=b"]);
    expect(readEveryWay(frames(3), () => ({ limits }))).toEqual([
      "connection error ENHANCE_YOUR_CALM on 1 at 37: a header block of more than 10 bytes",
    ]);
  });

  test("a frame may be as large as our SETTINGS_MAX_FRAME_SIZE, and no larger", () => {
    const limits = { maxFrameSize: 20_000 };
    expect(readIn([frame(DATA, 0, 1, Buffer.alloc(20_000))], { limits })[0]).toMatch(/of 20000$/);
    expect(readIn([frame(DATA, 0, 1, Buffer.alloc(20_001))], { limits })[0]).toMatch(/FRAME_SIZE_ERROR/);
  });

  test("the default takes 64 frames and 256 KiB", () => {
    const continuations = (count: number, payload: Buffer) =>
      readIn([
        frame(HEADERS, 0, 1),
        ...Array.from({ length: count }, () => frame(CONTINUATION, 0, 1, payload)),
      ]);
    expect(continuations(64, Buffer.alloc(0))).toEqual([]);
    expect(continuations(65, Buffer.alloc(0))[0]).toMatch(/ENHANCE_YOUR_CALM/);
    expect(continuations(16, Buffer.alloc(16_384))).toEqual([]);
    expect(continuations(17, Buffer.alloc(16_384))[0]).toMatch(/ENHANCE_YOUR_CALM/);
  });
});

test("an integer of the harness is that of RFC 7541, C.1", () => {
  expect([...integer(10, 31, 0)]).toEqual([10]);
  expect([...integer(1_337, 31, 0)]).toEqual([31, 154, 10]);
  expect([...integer(42, 255, 0)]).toEqual([42]);
});
