import { expect, test, testBytes } from "@skein/testkit";
import { PieceQueue } from "./piece-queue.ts";

const SIZES = [1, 1, 7, 3_000, 20_000, 1, 0, 16_384, 5, 70_000, 2];

/** Puts bytes in, in pieces of these sizes; what comes out must be the same bytes. */
function filled(pieces: number): { queue: PieceQueue; bytes: Uint8Array } {
  const queue = new PieceQueue();
  let length = 0;
  for (let i = 0; i < pieces; i++) {
    const size = SIZES[i % SIZES.length]!;
    queue.push(testBytes(size + 3, length).subarray(0), 0, size);
    length += size;
    expect(queue.size).toBe(length);
  }
  return { queue, bytes: testBytes(length) };
}

test.each([0, 1, 2, 15, 16, 17, 40, 100])("%i pieces come out in their order", count => {
  const { queue, bytes } = filled(count);
  const out: Uint8Array[] = [];
  for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) out.push(piece);
  expect(Buffer.concat(out).equals(bytes)).toBe(true);
  expect(queue.size).toBe(0);
  expect(filled(count).queue.join()).toEqual(bytes);
  const { queue: taken } = filled(count);
  expect(taken.takeAll()).toEqual(bytes);
  expect([taken.size, taken.shift()]).toEqual([0, undefined]);
});

test("also when some are taken in between", () => {
  const queue = new PieceQueue();
  const out: Uint8Array[] = [];
  let length = 0;
  for (let i = 0; i < 2_000; i++) {
    const size = 1 + (i % 50);
    queue.push(testBytes(size, length), 0, size);
    length += size;
    if (i % 3 === 0) out.push(queue.shift()!);
  }
  out.push(queue.takeAll());
  expect(Buffer.concat(out).equals(testBytes(length))).toBe(true);
});

test("many small pieces are few when they come out", () => {
  const queue = new PieceQueue();
  for (let i = 0; i < 100_000; i++) queue.push(Uint8Array.of(i), 0, 1);
  let pieces = 0;
  while (queue.shift() !== undefined) pieces += 1;
  expect(pieces).toBeLessThan(25);
});
