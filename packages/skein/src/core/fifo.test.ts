import { expect, test } from "@skein/testkit";
import { Fifo } from "./fifo.ts";

test("first in, first out; unshift goes before all others", () => {
  const fifo = new Fifo<number>();
  fifo.push(1);
  fifo.push(2);
  fifo.unshift(0);
  expect(fifo.shift()).toBe(0);
  fifo.unshift(-1);
  expect([...fifo]).toEqual([-1, 1, 2]);
  expect([fifo.shift(), fifo.shift(), fifo.shift(), fifo.shift()]).toEqual([-1, 1, 2, undefined]);
  expect(fifo.size).toBe(0);
});

test("agrees with an array over a long random run", () => {
  const fifo = new Fifo<number>();
  const model: number[] = [];
  let seed = 7;
  for (let i = 0; i < 50_000; i++) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    const phase = Math.floor(i / 10_000) % 2 === 0 ? 70 : 30;
    if (seed % 100 < phase) {
      if (seed % 10 === 0) {
        fifo.unshift(i);
        model.unshift(i);
      } else {
        fifo.push(i);
        model.push(i);
      }
    } else expect(fifo.shift()).toBe(model.shift());
    expect(fifo.size).toBe(model.length);
    expect(fifo.peek()).toBe(model[0]);
  }
});
