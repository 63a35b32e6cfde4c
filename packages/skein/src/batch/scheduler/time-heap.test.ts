import { expect, test } from "@skein/testkit";
import { TimeHeap } from "./time-heap.ts";

test("gives what is due, the earliest first, and nothing before its time", () => {
  const heap = new TimeHeap<{ due: number }>();
  let seed = 3;
  const dues: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    dues.push(seed % 1_000);
    heap.push(seed % 1_000, { due: seed % 1_000 });
  }
  dues.sort((a, b) => a - b);
  expect(heap.nextDue).toBe(dues[0]);
  expect(heap.shiftDue(dues[0]! - 1)).toBeUndefined();
  expect(dues.map(due => heap.shiftDue(due)?.due)).toEqual(dues);
  expect([heap.size, heap.nextDue, heap.shiftDue(1e9)]).toEqual([0, Number.POSITIVE_INFINITY, undefined]);
});

test("what is taken out from anywhere leaves the others in their order", () => {
  const heap = new TimeHeap<number>();
  const dues = Array.from({ length: 200 }, (_, i) => (i * 7_919) % 997);
  for (const due of dues) heap.push(due, due);
  const removed = dues.filter((_, i) => i % 3 === 0);
  expect(removed.map(due => heap.remove(due))).toEqual(removed.map(() => true));
  expect(heap.remove(removed[0]!)).toBe(false);
  const left = dues.filter((_, i) => i % 3 !== 0).sort((a, b) => a - b);
  expect(left.map(() => heap.shiftDue(1e9))).toEqual(left);
  expect(heap.size).toBe(0);
});

test("what is given another time is moved", () => {
  const heap = new TimeHeap<string>();
  heap.push(5, "a");
  heap.push(7, "b");
  heap.push(9, "a");
  expect([heap.size, heap.shiftDue(10), heap.shiftDue(10), heap.shiftDue(10)]).toEqual([
    2,
    "b",
    "a",
    undefined,
  ]);
});
