import { describe, expect, test } from "@skein/testkit";
import { BodyCollector } from "./body-collector.ts";

const MIB = 2 ** 20;
const UNKNOWN = 0;

/** Bytes that tell where they stand. */
function numbered(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

function gather(body: Uint8Array, announced: number, step: number): Uint8Array {
  const collector = new BodyCollector(announced, 2 ** 30);
  for (let at = 0; at < body.length; at += step)
    expect(collector.push(body.subarray(at, at + step))).toBe(true);
  return collector.take();
}

describe("what comes out is what went in, in an array of its own length", () => {
  const lengths = [0, 1, 16_383, 16_384, 16_385, 100_000, MIB - 1, MIB, MIB + 1, 9 * MIB + 7, 43 * MIB];
  test.each(lengths)("%i bytes", length => {
    const body = numbered(length);
    for (const announced of [UNKNOWN, length]) {
      for (const step of [10_000, 65_536, 3 * MIB, 10 * MIB]) {
        const whole = gather(body, announced, step);
        expect(Buffer.compare(whole, body), `announced ${announced}, by ${step}`).toBe(0);
        expect(whole.buffer.byteLength).toBe(length);
      }
    }
  });

  test("byte by byte", () => {
    const body = numbered(40_000);
    expect(Buffer.compare(gather(body, UNKNOWN, 1), body)).toBe(0);
    expect(Buffer.compare(gather(body, body.length, 1), body)).toBe(0);
  });

  test("more or less than was announced", () => {
    const body = numbered(3 * MIB);
    expect(Buffer.compare(gather(body, 2 * MIB, 65_536), body)).toBe(0);
    expect(Buffer.compare(gather(body, 4 * MIB, 65_536), body)).toBe(0);
  });
});

test("what is pushed stays its owner's: it may share memory with others", () => {
  const shared = numbered(100);
  const collector = new BodyCollector(UNKNOWN, MIB);
  collector.push(shared.subarray(10, 20));
  shared.fill(0, 10, 20);
  expect([...collector.take()]).toEqual([...numbered(100).subarray(10, 20)]);
  expect(shared.length).toBe(100);
});

test.each([UNKNOWN, 1_000])("no byte more than the limit (announced: %i)", announced => {
  const collector = new BodyCollector(announced, 1_000);
  expect(collector.push(new Uint8Array(1_000))).toBe(true);
  expect(collector.push(new Uint8Array(1))).toBe(false);
});

test.each([UNKNOWN, 64 * MIB])("memory is taken for each byte once (announced: %i)", announced => {
  const chunk = numbered(65_536);
  const collector = new BodyCollector(announced, 2 ** 30);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let i = 0; i < 1_024; i++) {
    collector.push(chunk);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  const whole = collector.take();
  // The block at hand is written page by page: most of it may be no memory yet.
  expect(most).toBeLessThan((64 + 34) * MIB);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(68 * MIB);
  expect(whole).toHaveLength(64 * MIB);
});
