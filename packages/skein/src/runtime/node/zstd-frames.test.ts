import { constants, zstdCompressSync } from "node:zlib";
import { expect, test, testBytes } from "@skein/testkit";
import { ZstdFrames } from "./zstd-frames.ts";

const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag, ZSTD_c_compressionLevel } = constants;
const compress = (bytes: Uint8Array, params: Record<number, number> = {}) =>
  zstdCompressSync(bytes, { params });
const skippable = Buffer.from("572a4d1803000000616263", "hex");
const mixed = Buffer.concat([testBytes(150_000), Buffer.alloc(300_000), Buffer.from("abc".repeat(50_000))]);

const frames: [string, Buffer][] = [
  ["nothing in it", compress(Buffer.alloc(0))],
  ["a few bytes", compress(Buffer.from("abc"))],
  ["300 bytes", compress(testBytes(300))],
  ["a repeated byte", compress(Buffer.alloc(5_000))],
  ["several blocks, with a checksum", compress(mixed, { [ZSTD_c_checksumFlag]: 1 })],
  [
    "no content size",
    compress(testBytes(2_000), { [ZSTD_c_contentSizeFlag]: 0, [ZSTD_c_compressionLevel]: 1 }),
  ],
  ["skippable", skippable],
];

test.each(frames)("a frame with %s ends at its end, and nowhere before", (_name, frame) => {
  const walker = new ZstdFrames();
  expect(walker.isAtEnd).toBe(true);
  for (let at = 0; at < frame.length; at++) {
    walker.push(frame.subarray(at, at + 1));
    if (walker.isAtEnd !== (at === frame.length - 1)) expect.fail(`byte ${at} of ${frame.length}`);
  }
});

test("frames follow one another, however they are cut in pieces", () => {
  const ends = new Set<number>();
  let length = 0;
  for (const [, frame] of frames) {
    length += frame.length;
    ends.add(length);
  }
  const all = Buffer.concat(frames.map(([, frame]) => frame));
  for (const size of [1, 2, 3, 7, 1_000, 65_536, all.length]) {
    const walker = new ZstdFrames();
    for (let at = 0; at < all.length; at += size) {
      walker.push(all.subarray(at, at + size));
      const end = Math.min(at + size, all.length);
      if (walker.isAtEnd !== ends.has(end)) expect.fail(`at ${end} in pieces of ${size}`);
    }
    expect(walker.isAtEnd).toBe(true);
  }
});
