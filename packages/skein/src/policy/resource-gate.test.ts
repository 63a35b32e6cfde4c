import { expect, test } from "@skein/testkit";
import { ResourceGate, type ResourceSample } from "./resource-gate.ts";

const FINE: ResourceSample = { running: 400, room: 1_000, memory: 0.3, late: 1 };

function see(gate: ResourceGate, times: number, sample: Partial<ResourceSample> = {}): void {
  for (let i = 0; i < times; i++)
    gate.see({ ...FINE, running: Math.min(FINE.running, gate.limit), ...sample });
}

test("with enough of all, it is the most", () => {
  const gate = new ResourceGate(500);
  see(gate, 20);
  expect([gate.limit, gate.gate]).toEqual([500, undefined]);
});

test("connections: no more than the pool has room for, and at least one", () => {
  const gate = new ResourceGate(500);
  see(gate, 1, { room: 90 });
  expect([gate.limit, gate.gate]).toEqual([90, "connections"]);
  see(gate, 1, { room: 0 });
  expect(gate.limit).toBe(1);
  see(gate, 1);
  expect([gate.limit, gate.gate]).toEqual([500, undefined]);
});

test("memory: fewer at each tick, down to one; then more again, to the most", () => {
  const gate = new ResourceGate(500);
  see(gate, 1, { memory: 0.9 });
  expect([gate.limit, gate.gate]).toEqual([280, "memory"]);
  see(gate, 20, { memory: 0.9 });
  expect(gate.limit).toBe(1);
  // Neither much nor little.
  see(gate, 20, { memory: 0.8 });
  expect([gate.limit, gate.gate]).toEqual([1, "memory"]);
  see(gate, 10);
  expect(gate.limit).toBe(11);
  see(gate, 60);
  expect([gate.limit, gate.gate]).toEqual([500, undefined]);
});

test("the event loop: one late tick is nothing, a loop that stays late lets go of all but ten", () => {
  const gate = new ResourceGate(500);
  for (let i = 0; i < 50; i++) see(gate, 1, { late: i % 3 === 0 ? 900 : 2 });
  expect([gate.limit, gate.gate]).toEqual([500, undefined]);
  see(gate, 20, { late: 200 });
  expect([gate.limit, gate.gate]).toEqual([10, "event loop"]);
  see(gate, 100);
  expect([gate.limit, gate.gate]).toEqual([500, undefined]);
});

test("a batch that was to have few is not let have more", () => {
  const gate = new ResourceGate(4);
  see(gate, 20, { late: 500, running: 4 });
  expect([gate.limit, gate.gate]).toEqual([4, undefined]);
  see(gate, 20, { memory: 0.99, running: 4 });
  expect([gate.limit, gate.gate]).toEqual([1, "memory"]);
});
