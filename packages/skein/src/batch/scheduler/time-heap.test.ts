import { expect, test } from "@skein/testkit";
import { TimeHeap } from "./time-heap.ts";

test("gives what is due, the earliest first, and nothing before its time", () => {
  const heap = new TimeHeap<number>();
  let seed = 3;
  const dues: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    dues.push(seed % 1_000);
    heap.push(seed % 1_000, seed % 1_000);
  }
  dues.sort((a, b) => a - b);
  expect(heap.nextDue).toBe(dues[0]);
  expect(heap.shiftDue(dues[0]! - 1)).toBeUndefined();
  expect(dues.map(due => heap.shiftDue(due))).toEqual(dues);
  expect([heap.size, heap.nextDue, heap.shiftDue(1e9)]).toEqual([0, Number.POSITIVE_INFINITY, undefined]);
});
