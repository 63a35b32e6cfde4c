import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
  type zstdDecompressSync,
} from "node:zlib";
import { bodyOf, describe, expect, TestBody, test, testBytes } from "@skein/testkit";
import { AbortError, DecodingError, ReadError, ResponseTooLarge, StreamConsumed } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../../core/incoming-body.ts";
import { decodesZstdSoundly } from "./codings.ts";
import { nodeDecompressor } from "./decompressor.ts";

const MIB = 1024 * 1024;
const document = Buffer.from(
  JSON.stringify(Array.from({ length: 40 }, (_, id) => ({ id, name: `item ${id * id}` }))),
);
const half = document.length >> 1;
const hasZstd = nodeDecompressor.accepts.includes("zstd");

interface Encoded {
  readonly name: string;
  readonly codings: readonly string[];
  readonly bytes: Buffer;
}

const codings: Encoded[] = [
  { name: "gzip", codings: ["gzip"], bytes: gzipSync(document) },
  { name: "deflate", codings: ["deflate"], bytes: deflateSync(document) },
  { name: "deflate without a header", codings: ["deflate"], bytes: deflateRawSync(document) },
  { name: "br", codings: ["br"], bytes: brotliCompressSync(document) },
];
if (hasZstd) codings.push({ name: "zstd", codings: ["zstd"], bytes: zstdCompressSync(document) });
const members = [gzipSync(document.subarray(0, half)), gzipSync(document.subarray(half))];
const manifold: Encoded[] = [
  ...codings,
  { name: "two gzip members", codings: ["gzip"], bytes: Buffer.concat(members) },
  { name: "gzip, then br", codings: ["gzip", "br"], bytes: brotliCompressSync(gzipSync(document)) },
  {
    name: "gzip five times",
    codings: Array(5).fill("gzip"),
    bytes: [1, 2, 3, 4, 5].reduce(b => gzipSync(b), document),
  },
];
if (hasZstd) {
  const frames = [document.subarray(0, half), document.subarray(half)].map(part => zstdCompressSync(part));
  manifold.push({ name: "two zstd frames", codings: ["zstd"], bytes: Buffer.concat(frames) });
}

const open = (body: IncomingBody, names: readonly string[] = ["gzip"]) =>
  nodeDecompressor.decompress(body, names);

/** The two ways to read a body: in one array, and chunk by chunk. */
const readers: Record<string, (body: IncomingBody) => Promise<Buffer>> = {
  collect: async body => Buffer.from(await body.collect(MIB)),
  read: async body => {
    const chunks: Uint8Array[] = [];
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) chunks.push(chunk);
    return Buffer.concat(chunks);
  },
};

const outcomeOf = (run: Promise<Buffer>): Promise<Buffer | Error> => run.catch((error: Error) => error);

describe.each(Object.entries(readers))("%s", (_how, readAll) => {
  describe.each(manifold)("$name", ({ codings: names, bytes }) => {
    test("that has arrived", async () => {
      expect(await readAll(open(bodyOf([bytes], { arrived: true }), names))).toEqual(document);
    });

    test("split at every offset", async () => {
      for (let at = 0; at <= bytes.length; at++) {
        const body = open(bodyOf([bytes.subarray(0, at), bytes.subarray(at)]), names);
        if (!(await readAll(body)).equals(document)) expect.fail(`split at ${at}`);
      }
    });

    test("byte by byte", async () => {
      const chunks = Array.from(bytes, byte => Uint8Array.of(byte));
      expect(await readAll(open(bodyOf(chunks), names))).toEqual(document);
    });

    test("cut at every offset is never a success", async () => {
      for (let at = 1; at < bytes.length; at++) {
        // Between two members (or frames) the first is whole: only the framing around it can tell.
        if (names.length === 1 && isWhole(bytes.subarray(0, at))) continue;
        for (const arrived of [true, false]) {
          const outcome = await outcomeOf(readAll(open(bodyOf([bytes.subarray(0, at)], { arrived }), names)));
          if (!(outcome instanceof DecodingError)) expect.fail(`cut at ${at}: ${outcome}`);
          if (names.length === 1 && !outcome.message.includes("cut short")) expect.fail(outcome.message);
        }
      }
    });
  });

  describe.each(codings)("$name", ({ codings: names, bytes }) => {
    const junk = ["\0", "\0\0\0\0", "junk", "\x1f", "\n"].map(text => Buffer.from(text, "latin1"));
    test("with other bytes behind its end", async () => {
      for (const behind of junk) {
        const together = [Buffer.concat([bytes, behind])];
        for (const chunks of [
          together,
          [bytes, behind],
          [bytes.subarray(0, 20), bytes.subarray(20), behind],
        ]) {
          for (const arrived of [true, false]) {
            const outcome = await outcomeOf(readAll(open(bodyOf(chunks, { arrived }), names)));
            if (!(outcome instanceof DecodingError)) expect.fail(`${JSON.stringify(behind)}: ${outcome}`);
          }
        }
      }
    });
  });

  test("a gzip or zlib body with any bit wrong is an error, or says the same", async () => {
    for (const { codings: names, bytes } of codings.slice(0, 2)) {
      for (let bit = 0; bit < bytes.length * 8; bit += 3) {
        const wrong = Buffer.from(bytes);
        wrong[bit >> 3]! ^= 1 << (bit & 7);
        const outcome = await outcomeOf(readAll(open(bodyOf([wrong]), names)));
        if (outcome instanceof DecodingError) continue;
        if (outcome instanceof Error || !outcome.equals(document)) expect.fail(`bit ${bit}: ${outcome}`);
      }
    }
  });

  test("an empty body is an empty body, encoded or not", async () => {
    for (const { codings: names } of manifold) {
      for (const arrived of [true, false]) {
        expect(await readAll(open(bodyOf([], { arrived }), names))).toHaveLength(0);
      }
    }
  });

  test("an encoded body of nothing", async () => {
    for (const chunks of [[gzipSync("")], [gzipSync(gzipSync(""))]]) {
      const names = chunks[0]!.length > 20 ? ["gzip", "gzip"] : ["gzip"];
      expect(await readAll(open(bodyOf(chunks), names))).toHaveLength(0);
      expect(await readAll(open(bodyOf(chunks, { arrived: true }), names))).toHaveLength(0);
    }
  });

  test("a large body", async () => {
    const large = Buffer.from(testBytes(MIB));
    for (const [name, bytes] of [
      ["gzip", gzipSync(large, { level: 1 })],
      ["deflate", deflateSync(large, { level: 1 })],
      ["br", brotliCompressSync(large, { params: { 1: 1 } })],
    ] as const) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += 16_384) chunks.push(bytes.subarray(at, at + 16_384));
      for (const body of [bodyOf(chunks), bodyOf([bytes], { arrived: true })]) {
        expect((await readAll(open(body, [name]))).equals(large)).toBe(true);
      }
    }
  });

  test("the error of the body itself comes out as it is", async () => {
    const reset = new ReadError("CONNECTION_RESET", "reset in the middle of the body");
    for (const chunks of [[], [gzipSync(document).subarray(0, 30)], [gzipSync(testBytes(200_000))]]) {
      expect(await outcomeOf(readAll(open(bodyOf(chunks, { failure: reset }))))).toBe(reset);
    }
  });
});

/** Whether these bytes are one gzip member or zstd frame (of those above), and nothing more. */
function isWhole(bytes: Buffer): boolean {
  return (
    members.some(member => member.equals(bytes)) ||
    (hasZstd && frameLengths.has(bytes.length) && bytes[0] === 0x28)
  );
}
const frameLengths = new Set(hasZstd ? [zstdCompressSync(document.subarray(0, half)).length] : []);

describe("messages", () => {
  const messageOf = async (bytes: Uint8Array, names = ["gzip"]) => {
    const messages = new Set<string>();
    for (const readAll of Object.values(readers)) {
      messages.add((await outcomeOf(readAll(open(bodyOf([bytes]), names)))).toString());
    }
    return [...messages].join(" / ");
  };
  const gzip = gzipSync(document);

  test.each([
    ["cut", gzip.subarray(0, 50), "it was cut short"],
    ["no gzip at all", Buffer.from("<html>"), "it is not gzip"],
    ["text behind", Buffer.concat([gzip, Buffer.from("<!-- -->")]), "other bytes follow its end"],
    [
      "a wrong checksum",
      Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8)]),
      "it is corrupt (incorrect data check)",
    ],
    ["zeros behind", Buffer.concat([gzip, Buffer.alloc(3)]), "other bytes follow its end"],
  ])("%s", async (_name, bytes, reason) => {
    expect(await messageOf(bytes)).toBe(`DecodingError: the body can't be decoded as gzip: ${reason}`);
  });

  test("the coding at fault is named", async () => {
    expect(await messageOf(gzipSync("not brotli"), ["br", "gzip"])).toMatch(/decoded as br: it is corrupt/);
  });

  test("code, phase and cause are told", async () => {
    const error = await outcomeOf(readers.collect!(open(bodyOf([gzip.subarray(0, 50)]))));
    expect(error).toMatchObject({ code: "DECODING_FAILED", phase: "body", requestSent: "full" });
    expect((error as Error).cause).toMatchObject({ code: "Z_BUF_ERROR" });
  });
});

describe("limits", () => {
  test.each([0, 1, document.length - 1])(
    "collect(%i) of a larger body fails, and cancels",
    async maxBytes => {
      const inner = new TestBody().push(gzipSync(document));
      const body = open(inner.end());
      const error = await body.collect(maxBytes).catch((failure: Error) => failure);
      expect(error).toBeInstanceOf(ResponseTooLarge);
      expect((error as Error).message).toBe(`the decoded body is larger than ${maxBytes} bytes`);
    },
  );

  test("collect takes a body of exactly its limit", async () => {
    for (const arrived of [true, false]) {
      const body = open(bodyOf([gzipSync(document)], { arrived }));
      expect(await body.collect(document.length)).toHaveLength(document.length);
    }
  });

  const bombs: [string, () => Uint8Array][] = [
    ["gzip", () => gzipSync(Buffer.alloc(200 * MIB))],
    ["br", () => brotliCompressSync(Buffer.alloc(200 * MIB), { params: { 1: 3 } })],
  ];
  test.each(bombs)("a bomb of 200 MiB in %s is given up at the limit", async (name, make) => {
    const bomb = make();
    const chunks = [];
    for (let at = 0; at < bomb.length; at += 1_000) chunks.push(bomb.slice(at, at + 1_000));
    for (const inner of [bodyOf(chunks), bodyOf([bomb], { arrived: true })]) {
      const before = process.memoryUsage().arrayBuffers;
      const error = await open(inner, [name])
        .collect(2 * MIB)
        .catch((failure: Error) => failure);
      expect(error).toBeInstanceOf(ResponseTooLarge);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
    }
  });

  test("a bomb in a bomb", async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(200 * MIB)));
    for (const inner of [bodyOf([bomb]), bodyOf([bomb], { arrived: true })]) {
      const error = await open(inner, ["gzip", "gzip"])
        .collect(2 * MIB)
        .catch((failure: Error) => failure);
      expect(error).toBeInstanceOf(ResponseTooLarge);
    }
  });

  test("a reader that stops stops the input: back-pressure reaches the socket", async () => {
    const bomb = gzipSync(Buffer.alloc(50 * MIB));
    const chunks = [];
    for (let at = 0; at < bomb.length; at += 1_000) chunks.push(bomb.subarray(at, at + 1_000));
    const inner = bodyOf(chunks);
    const body = open(inner);
    expect((await body.read())?.length).toBeGreaterThan(0);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(inner.bytesRead).toBeLessThan(3_000);
    body.cancel();
    expect(inner.cancelled).toBe(true);
  });

  test("a zstd frame that asks for a window of more than 8 MiB is refused", { skip: !hasZstd }, async () => {
    const frame = zstdCompressSync(Buffer.alloc(32 * MIB), { params: { 101: 25 } });
    const error = await outcomeOf(readers.collect!(open(bodyOf([frame]), ["zstd"])));
    expect(error.toString()).toMatch(/can't be decoded as zstd: it is corrupt/);
  });
});

describe("the end", () => {
  const settledOf = (body: IncomingBody) => {
    const outcomes: BodyOutcome[] = [];
    body.whenSettled(outcome => outcomes.push(outcome));
    return outcomes;
  };

  test("is told once, when the decoded body was read, not when the encoded one had arrived", async () => {
    const body = open(bodyOf([gzipSync(document)], { arrived: true }));
    const outcomes = settledOf(body);
    expect(outcomes).toEqual([]);
    await body.collect(MIB);
    expect(outcomes).toEqual([undefined]);
    expect(settledOf(body)).toEqual([undefined]);
    body.cancel();
    expect(outcomes).toHaveLength(1);
  });

  test("a corrupt body ends in its error, and cancels what is below", async () => {
    const inner = new TestBody().push("this is not gzip");
    const body = open(inner);
    const outcomes = settledOf(body);
    const error = await body.read().catch((failure: Error) => failure);
    expect(error).toBeInstanceOf(DecodingError);
    expect(outcomes).toEqual([error]);
    expect(inner.cancelled).toBe(true);
    await expect(body.read()).rejects.toBe(error);
    await expect(body.collect(1)).rejects.toBe(error);
  });

  test("a body that fails below, unread, has ended too", () => {
    const inner = new TestBody().push(gzipSync(document));
    const outcomes = settledOf(open(inner));
    inner.cancel("closed");
    expect(outcomes[0]).toBeInstanceOf(AbortError);
  });

  test.each(["read", "collect"] as const)("cancelling ends a %s that waits", async how => {
    const inner = new TestBody().push(gzipSync(testBytes(500_000)).subarray(0, 100_000));
    const body = open(inner);
    const outcomes = settledOf(body);
    const reading = how === "collect" ? body.collect(MIB) : readers.read!(body);
    const outcome = reading.catch((failure: Error) => failure);
    while (!inner.isAwaited) await new Promise(resolve => setImmediate(resolve));
    body.cancel("enough");
    expect((await outcome).toString()).toBe("AbortError: cancelled: enough");
    expect(inner.cancelled).toBe(true);
    expect(outcomes).toEqual([await outcome]);
  });

  test("reading on after the end gives nothing more", async () => {
    const body = open(bodyOf([gzipSync(document)]));
    await readers.read!(body);
    expect(await body.read()).toBeUndefined();
    expect(await body.collect(MIB)).toHaveLength(0);
  });

  test("collect takes the rest after a read", async () => {
    const large = testBytes(500_000);
    const body = open(bodyOf([gzipSync(large)]));
    const first = await body.read();
    const rest = await body.collect(MIB);
    expect(Buffer.concat([first!, rest]).equals(large)).toBe(true);
  });

  test("two readers at once are one too many", async () => {
    const body = open(new TestBody());
    body.read();
    await expect(body.read()).rejects.toBeInstanceOf(StreamConsumed);
    await expect(body.collect(1)).rejects.toBeInstanceOf(StreamConsumed);
  });
});

test("each chunk has memory of its own", async () => {
  const body = open(bodyOf([gzipSync(testBytes(300_000))]));
  const buffers = new Set<ArrayBufferLike>();
  let chunks = 0;
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    buffers.add(chunk.buffer);
    chunks += 1;
    expect([chunk.constructor, chunk.byteLength]).toEqual([Uint8Array, chunk.buffer.byteLength]);
  }
  expect(buffers.size).toBe(chunks);
  expect(chunks).toBeGreaterThan(2);
});

test("trailers are those of the body below", () => {
  const inner = bodyOf([gzipSync(document)]);
  inner.trailers = Headers.from({ "x-checksum": "1" });
  expect(open(inner).trailers.get("x-checksum")).toBe("1");
});

test("a coding that is not in `accepts` is a mistake of the caller's", () => {
  expect(() => open(bodyOf([]), ["compress"])).toThrow(
    'the content coding "compress" is not one of `accepts`',
  );
});

describe("zstd", () => {
  test("is accepted where the runtime decodes it soundly: from Node 26 on", () => {
    const sound = Number(process.versions.node.split(".")[0]) >= 26;
    expect(nodeDecompressor.accepts).toEqual(["gzip", "deflate", "br", ...(sound ? ["zstd"] : [])]);
  });

  const buffer = (text: string) => Buffer.from(text);
  test.each<[string, ((bytes: Uint8Array) => Buffer) | undefined]>([
    ["is not there", undefined],
    ["takes truncated input for an empty body", bytes => buffer(bytes.length > 30 ? "abcabc" : "")],
    ["stops after the first frame", bytes => (bytes.length > 30 ? buffer("abc") : fail())],
    ["stops at a skippable frame", bytes => (bytes.length > 30 ? buffer("") : fail())],
    ["fails on everything", () => fail()],
  ])("is not used from a runtime that %s", (_name, decode) => {
    expect(
      decodesZstdSoundly({ zstdDecompressSync: decode } as { zstdDecompressSync: typeof zstdDecompressSync }),
    ).toBe(false);
  });

  const fail = () => {
    throw new Error("no zstd");
  };
});
